/* The account's keys: which one an attempt has, and what the service said of it. */
#include "engine/core_private.h"

void drive_take_key(struct drive *drive)
{
    struct attempt *attempt = drive->attempt;
    struct provider_binding *provider = &attempt->provider;
    const struct command_claim *claim = &drive->command.claim;
    const struct provider_key *key = NULL;

    if (!claim->has_prior)
        key = keyring_pick(scheduler_keyring(drive->core->scheduler, drive->entry.provider_id),
                           provider->keys, provider->key_count, core_wall_ms(drive->core));
    for (size_t index = 0; claim->has_prior && index < provider->key_count; index++)
        if (provider->keys[index].id == claim->prior.key_id)
            key = &provider->keys[index];
    drive->is_key_gone = claim->has_prior && claim->prior.key_id != 0 && key == NULL;
    drive->is_key_sealed = key != NULL && key->is_sealed;
    attempt->key_id = key == NULL ? 0 : key->id;
    provider->account.key = key == NULL ? (struct secret){0} : key->secret;
}

bool drive_has_other_key(const struct drive *drive, enum failure_class class)
{
    /* For one that is rejected any other will do that is not, if it must wait a while; one that is
     * throttled leaves its turn only to one that need not. */
    const int64_t now_ms = class == FAILURE_THROTTLED ? core_wall_ms(drive->core) : KEYRING_EVER;

    const struct attempt *attempt = drive->attempt;

    return attempt->key_id != 0 &&
           keyring_has_one(scheduler_keyring(drive->core->scheduler, drive->entry.provider_id),
                           attempt->provider.keys, attempt->provider.key_count, attempt->key_id,
                           now_ms);
}

void drive_reject_key(const struct drive *drive, enum failure_class class)
{
    if ((class == FAILURE_AUTH || class == FAILURE_QUOTA) && drive->attempt->key_id != 0)
        keyring_rest(scheduler_keyring(drive->core->scheduler, drive->entry.provider_id),
                     drive->attempt->key_id, failure_class_name(class), 0);
}

void drive_rest_key(const struct drive *drive, const char *reason, int64_t rest_ms)
{
    keyring_rest(scheduler_keyring(drive->core->scheduler, drive->entry.provider_id),
                 drive->attempt->key_id, reason, core_wall_ms(drive->core) + rest_ms);
}
