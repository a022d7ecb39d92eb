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
                           provider->keys, provider->key_count);
    for (size_t index = 0; claim->has_prior && index < provider->key_count; index++)
        if (provider->keys[index].id == claim->prior.key_id)
            key = &provider->keys[index];
    drive->is_key_gone = claim->has_prior && claim->prior.key_id != 0 && key == NULL;
    attempt->key_id = key == NULL ? 0 : key->id;
    provider->account.key = key == NULL ? (struct secret){0} : key->secret;
}

bool drive_rest_key(const struct drive *drive, enum failure_class class)
{
    const struct attempt *attempt = drive->attempt;
    struct keyring *ring;

    if ((class != FAILURE_AUTH && class != FAILURE_QUOTA) || attempt->key_id == 0)
        return false;
    ring = scheduler_keyring(drive->core->scheduler, drive->entry.provider_id);
    keyring_rest(ring, attempt->key_id, failure_class_name(class));
    return keyring_has_one(ring, attempt->provider.keys, attempt->provider.key_count);
}
