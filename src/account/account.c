#include "account/account_private.h"

#include "core/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const weak_passwords[] = {
#include "account/weak_passwords.def"
};

static const struct {
    enum http_role role;
    const char *name;
    unsigned scopes;
} roles[] = {
    {ROLE_VIEWER, "viewer", SCOPE_READ                                             },
    {ROLE_MEMBER, "member", SCOPE_READ | SCOPE_WRITE | SCOPE_GENERATE              },
    {ROLE_ADMIN,  "admin",  SCOPE_READ | SCOPE_WRITE | SCOPE_GENERATE | SCOPE_ADMIN},
    {ROLE_OWNER,  "owner",  SCOPE_READ | SCOPE_WRITE | SCOPE_GENERATE | SCOPE_ADMIN},
};

static const struct {
    unsigned bit;
    const char *name;
} scope_words[] = {
    {SCOPE_READ,     "read"    },
    {SCOPE_WRITE,    "write"   },
    {SCOPE_GENERATE, "generate"},
    {SCOPE_ADMIN,    "admin"   },
};

static const char *const audit_names[] = {
    [AUDIT_LOGIN] = "login",
    [AUDIT_LOGIN_FAILED] = "login_failed",
    [AUDIT_LOGOUT] = "logout",
    [AUDIT_SETUP] = "setup",
    [AUDIT_PASSWORD_CHANGED] = "password_changed",
    [AUDIT_SESSION_REVOKED] = "session_revoked",
    [AUDIT_TOKEN_CREATED] = "token_created",
    [AUDIT_TOKEN_DELETED] = "token_deleted",
};

struct str account_name_key(struct str name, struct arena *arena)
{
    struct str trimmed = str_trim(name);
    char *key = arena_alloc(arena, trimmed.size + 1);

    for (size_t i = 0; i < trimmed.size; i++)
        key[i] = str_lower_char(trimmed.data[i]);
    return (struct str){.data = key, .size = trimmed.size};
}

bool account_name_check(struct str name, struct error *err)
{
    struct str rest = name;
    uint32_t code_point;

    if (!text_is_utf8(name))
        return error_field(err, ERROR_WRONG_ENCODING, "name", 0, "the name is not UTF-8");
    if (name.size == 0)
        return error_field(err, ERROR_REQUIRED, "name", 0, "a name is needed");
    if (text_count(name) > NAME_MAX_CHARS)
        return error_field(err, ERROR_TOO_LONG, "name", NAME_MAX_CHARS,
                           "a name has at most %d characters", NAME_MAX_CHARS);
    if (str_trim(name).size != name.size)
        return error_field(err, ERROR_INVALID, "name", 0,
                           "a name does not start or end with a space");
    while (text_next(&rest, &code_point))
        if (code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0))
            return error_field(err, ERROR_INVALID, "name", 0, "a name has no control characters");
    return true;
}

static int compare_weak(const void *key, const void *item)
{
    return str_compare(*(const struct str *)key, str_of(*(const char *const *)item));
}

static bool is_common(struct str lowered)
{
    return bsearch(&lowered, weak_passwords, COUNT(weak_passwords), sizeof weak_passwords[0],
                   compare_weak) != NULL;
}

/* "aaaaaaaaaa", "abcabcabcabc": the same few characters over and over. */
static bool is_repetition(struct str text)
{
    for (size_t period = 1; period <= 4 && period * 2 <= text.size; period++)
        if (memcmp(text.data, text.data + period, text.size - period) == 0)
            return true;
    return false;
}

/* "0123456789", "zyxwvutsrq": each character one after, or one before, the last. */
static bool is_sequence(struct str text)
{
    int step = text.data[1] - text.data[0];

    if (step != 1 && step != -1)
        return false;
    for (size_t i = 2; i < text.size; i++)
        if (text.data[i] - text.data[i - 1] != step)
            return false;
    return true;
}

/* "qwertyuiopasdf": along the rows of a keyboard, in either direction. */
static bool is_keyboard_run(struct str text)
{
    static const char *const runs[] = {
        "1234567890qwertyuiopasdfghjklzxcvbnm",
        "qwertyuiop[]asdfghjkl;'zxcvbnm,./",
        "mnbvcxzlkjhgfdsapoiuytrewq0987654321",
        "12345678901234567890",
        "09876543210987654321",
    };

    for (size_t i = 0; i < COUNT(runs); i++)
        if (str_find(str_of(runs[i]), text) >= 0)
            return true;
    return false;
}

bool account_password_check(struct str password, struct str name, struct error *err)
{
    char lowered_bytes[PASSWORD_MAX_CHARS * 4];
    struct str lowered = {.data = lowered_bytes, .size = password.size};
    size_t chars;

    if (!text_is_utf8(password))
        return error_field(err, ERROR_WRONG_ENCODING, "password", 0, "the password is not UTF-8");
    chars = text_count(password);
    if (chars < PASSWORD_MIN_CHARS)
        return error_field(err, ERROR_TOO_SHORT, "password", PASSWORD_MIN_CHARS,
                           "a password has at least %d characters", PASSWORD_MIN_CHARS);
    if (chars > PASSWORD_MAX_CHARS)
        return error_field(err, ERROR_TOO_LONG, "password", PASSWORD_MAX_CHARS,
                           "a password has at most %d characters", PASSWORD_MAX_CHARS);
    assert(password.size <= sizeof lowered_bytes);
    for (size_t i = 0; i < password.size; i++)
        lowered_bytes[i] = str_lower_char(password.data[i]);
    if (is_common(lowered) || is_repetition(lowered) || is_sequence(lowered) ||
        is_keyboard_run(lowered) || str_equal_nocase(password, name)) {
        error_field(err, ERROR_INVALID, "password", 0,
                    "this password is among the first that are guessed; choose another");
        secret_wipe(lowered_bytes, sizeof lowered_bytes);
        return false;
    }
    secret_wipe(lowered_bytes, sizeof lowered_bytes);
    return true;
}

const char *account_role_name(enum http_role role)
{
    for (size_t i = 0; i < COUNT(roles); i++)
        if (roles[i].role == role)
            return roles[i].name;
    assert(false && "a role without a name");
    abort();
}

bool account_role_read(struct str text, enum http_role *out)
{
    for (size_t i = 0; i < COUNT(roles); i++)
        if (str_equal(text, str_of(roles[i].name))) {
            *out = roles[i].role;
            return true;
        }
    return false;
}

unsigned account_role_scopes(enum http_role role)
{
    for (size_t i = 0; i < COUNT(roles); i++)
        if (roles[i].role == role)
            return roles[i].scopes;
    return 0;
}

struct text_list account_scope_names(unsigned scopes, struct arena *arena)
{
    struct text_list list = {.items = ARENA_ARRAY(arena, struct str, COUNT(scope_words))};

    for (size_t i = 0; i < COUNT(scope_words); i++)
        if ((scopes & scope_words[i].bit) != 0)
            list.items[list.count++] = str_of(scope_words[i].name);
    return list;
}

static unsigned scope_of(struct str word)
{
    for (size_t i = 0; i < COUNT(scope_words); i++)
        if (str_equal(word, str_of(scope_words[i].name)))
            return scope_words[i].bit;
    return 0;
}

bool account_scopes_check(const struct text_list *names, enum http_role role, unsigned *out,
                          struct error *err)
{
    unsigned scopes = 0;

    for (size_t i = 0; i < names->count; i++) {
        unsigned bit = scope_of(names->items[i]);
        char field[32];

        snprintf(field, sizeof field, "scopes[%zu]", i);
        if (bit == 0)
            return error_field(err, ERROR_NOT_IN_LIST, field, 0,
                               "a scope is read, write, generate or admin");
        if ((account_role_scopes(role) & bit) == 0)
            return error_field(err, ERROR_FORBIDDEN, field, 0, "the role %s has no scope %.*s",
                               account_role_name(role), STR_ARGS(names->items[i]));
        scopes |= bit;
    }
    if (scopes == 0)
        return error_field(err, ERROR_REQUIRED, "scopes", 0, "at least one scope is needed");
    *out = scopes;
    return true;
}

bool account_scopes_read(struct str list, unsigned *out, struct error *err)
{
    struct str words[8];
    struct text_list names = {.items = words};
    struct str rest = list;

    while (rest.data != NULL && names.count < COUNT(words)) {
        struct str word = str_trim(str_cut(&rest, ','));

        if (word.size > 0)
            words[names.count++] = word;
    }
    if (rest.data != NULL)
        return error_field(err, ERROR_TOO_MANY, "scopes", COUNT(words), "too many scopes");
    return account_scopes_check(&names, ROLE_OWNER, out, err);
}

bool account_session_is_alive(int64_t last_seen_at_ms, int64_t expires_at_ms, int64_t idle_ms,
                              int64_t now_ms)
{
    return now_ms < expires_at_ms && now_ms - last_seen_at_ms < idle_ms;
}

const char *account_audit_name(enum audit_event event)
{
    assert(event < COUNT(audit_names));
    return audit_names[event];
}

/* The MAC covers the user, so that a cookie of one account says nothing about another. */
static void device_mac(const struct user_row *user, struct str nonce, char out[SHA256_HEX_SIZE + 1],
                       struct arena *arena)
{
    struct str text =
        arena_printf(arena, "vitrine device %.*s %.*s", STR_ARGS(user->public_id), STR_ARGS(nonce));
    struct sha256 mac = hmac_sha256(user->device_key, text);

    sha256_hex(&mac, out);
}

struct str account_device_make(const struct user_row *user, const struct random *random,
                               struct arena *arena)
{
    char nonce[33], mac[SHA256_HEX_SIZE + 1];

    snprintf(nonce, sizeof nonce, "%016llx%016llx", (unsigned long long)random_u64(random),
             (unsigned long long)random_u64(random));
    device_mac(user, str_of(nonce), mac, arena);
    return arena_printf(arena, "%.*s.%s.%s", STR_ARGS(user->public_id), nonce, mac);
}

bool account_device_is_known(const struct user_row *user, struct str cookie, struct arena *arena)
{
    struct str rest = cookie;
    struct str id = str_cut(&rest, '.');
    struct str nonce = str_cut(&rest, '.');
    char mac[SHA256_HEX_SIZE + 1];

    if (!str_equal(id, user->public_id) || nonce.size != 32 || rest.size != SHA256_HEX_SIZE)
        return false;
    device_mac(user, nonce, mac, arena);
    return str_equal_secret(rest, str_of(mac));
}

/* ---- shortcuts ---- */

static bool check_keys(const struct shortcut *item, size_t index, struct error *err)
{
    for (size_t i = 0; i < item->keys.count; i++) {
        char field[64];
        size_t chars = text_count(item->keys.items[i]);

        (void)snprintf(field, sizeof field, "shortcuts[%zu].keys[%zu]", index, i);
        if (chars == 0)
            return error_field(err, ERROR_TOO_SHORT, field, 1, "a key has 1 character or more");
        if (chars > SHORTCUT_KEY_MAX_CHARS)
            return error_field(err, ERROR_TOO_LONG, field, SHORTCUT_KEY_MAX_CHARS,
                               "a key has %d characters or fewer", SHORTCUT_KEY_MAX_CHARS);
        for (size_t before = 0; before < i; before++)
            if (str_equal(item->keys.items[before], item->keys.items[i]))
                return error_field(err, ERROR_INVALID, field, 0, "the command has this key twice");
    }
    return true;
}

bool account_shortcuts_check(const struct shortcut *items, size_t count, struct error *err)
{
    assert(count <= SHORTCUTS_MAX); /* so that looking at all pairs stays cheap */
    for (size_t i = 0; i < count; i++) {
        for (size_t before = 0; before < i; before++) {
            char field[64];

            if (!str_equal(items[before].command, items[i].command))
                continue;
            (void)snprintf(field, sizeof field, "shortcuts[%zu].command", i);
            return error_field(err, ERROR_INVALID, field, 0, "the command is there twice");
        }
        if (!check_keys(&items[i], i, err))
            return false;
    }
    return true;
}
