/* provider/used_up.c: what a reply's head tells of a limit of which nothing is left. */
#include "provider/provider_private.h"

#include "core/clock.h"

#include <math.h>

/*
 * A minute at most: whoever refills steadily has a minute's share again by then, and of a longer
 * limit (OpenAI counts some by the day under the same names) the next answer tells, or a 429 with a
 * Retry-After, which may be longer.  More than a day nobody means.
 */
#define USED_UP_MAX_MS 60000
#define RESET_MAX_MS 86400000

/* OpenAI's names, which LiteLLM and most relays use too, and Anthropic's (facts 1, 2, 3). */
static const struct {
    const char *left, *reset;
} limits[] = {
    {"x-ratelimit-remaining-requests",              "x-ratelimit-reset-requests"             },
    {"x-ratelimit-remaining-tokens",                "x-ratelimit-reset-tokens"               },
    {"anthropic-ratelimit-requests-remaining",      "anthropic-ratelimit-requests-reset"     },
    {"anthropic-ratelimit-tokens-remaining",        "anthropic-ratelimit-tokens-reset"       },
    {"anthropic-ratelimit-input-tokens-remaining",  "anthropic-ratelimit-input-tokens-reset" },
    {"anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"},
};

/* A duration as Go prints it: "1m26.4s", "20ms". */
static bool read_duration(struct str text, double *out)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {
        {"ms",      1    }, /* before "m" */
        {"us",      1e-3 },
        {"\u00b5s", 1e-3 },
        {"ns",      1e-6 },
        {"h",       3.6e6},
        {"m",       6e4  },
        {"s",       1e3  },
    };
    double ms = 0;

    while (text.size > 0) {
        size_t digits = 0, unit = 0;
        double number;

        while (digits < text.size &&
               ((text.data[digits] >= '0' && text.data[digits] <= '9') || text.data[digits] == '.'))
            digits++;
        if (!str_to_double(str_slice(text, 0, digits), &number))
            return false;
        text = str_slice(text, digits, text.size - digits);
        while (unit < COUNT(units) && !str_starts_with(text, str_of(units[unit].name)))
            unit++;
        if (unit == COUNT(units))
            return false;
        ms += number * units[unit].ms;
        text = str_slice(text, str_of(units[unit].name).size, text.size);
    }
    *out = ms;
    return true;
}

/* Seconds, a duration, or a date of RFC 3339; 0: none of them, absurd, or gone by. */
static int64_t read_reset(struct str text, int64_t now_ms)
{
    double ms;
    int64_t at_ms;

    if (text.size == 0)
        return 0;
    if (str_to_double(text, &ms))
        ms *= 1000;
    else if (clock_parse(text, &at_ms))
        ms = (double)at_ms - (double)now_ms;
    else if (!read_duration(text, &ms))
        return 0;
    if (!(ms > 0 && ms <= RESET_MAX_MS))
        return 0;
    return ms < USED_UP_MAX_MS ? (int64_t)ceil(ms) : USED_UP_MAX_MS;
}

int64_t exchange_used_up_ms(const struct exchange_reply *reply)
{
    int64_t longest_ms = 0;

    for (size_t index = 0; index < COUNT(limits); index++) {
        int64_t left, reset_ms;

        if (!str_to_int64(exchange_reply_header(reply, limits[index].left), &left) || left != 0)
            continue;
        reset_ms = read_reset(exchange_reply_header(reply, limits[index].reset), reply->now_ms);
        longest_ms = reset_ms > longest_ms ? reset_ms : longest_ms;
    }
    return longest_ms;
}
