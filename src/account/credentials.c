#include "account/account_private.h"

#include <string.h>

static struct credential *place_of(struct account *account, const struct sha256 *hash)
{
    /* The hash of a random token is even by itself: any bytes of it are a good index. */
    size_t index = ((size_t)hash->bytes[0] << 8 | hash->bytes[1]) % CREDENTIALS_KEPT;

    return &account->credentials[index];
}

bool account_recall(struct account *account, enum credential_kind kind, const struct sha256 *hash,
                    struct credential *out, uint64_t *epoch)
{
    int64_t now_mono_ms = clock_mono_ms(account->clock);
    const struct credential *kept;
    bool is_found;

    pthread_mutex_lock(&account->lock);
    kept = place_of(account, hash);
    is_found = kept->until_mono_ms > now_mono_ms && kept->kind == kind &&
               memcmp(kept->hash.bytes, hash->bytes, SHA256_SIZE) == 0;
    if (is_found)
        *out = *kept;
    *epoch = account->epoch;
    pthread_mutex_unlock(&account->lock);
    return is_found;
}

void account_keep(struct account *account, const struct credential *credential, uint64_t epoch)
{
    pthread_mutex_lock(&account->lock);
    if (account->epoch == epoch)
        *place_of(account, &credential->hash) = *credential;
    pthread_mutex_unlock(&account->lock);
}

void account_forget(struct account *account)
{
    pthread_mutex_lock(&account->lock);
    account->epoch++;
    for (size_t i = 0; i < CREDENTIALS_KEPT; i++)
        account->credentials[i].until_mono_ms = 0;
    pthread_mutex_unlock(&account->lock);
}
