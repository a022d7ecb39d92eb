#include "core/str.h"

#include <assert.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers are read and written in the C locale, whatever a library sets for the process. */
static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c_locale == (locale_t)0)
        abort();
}

char str_lower_char(char c) { return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); }

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

struct str str_of(const char *cstr)
{
    return cstr == NULL ? STR_EMPTY : (struct str){.data = cstr, .size = strlen(cstr)};
}

bool str_equal(struct str a, struct str b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool str_equal_nocase(struct str a, struct str b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (str_lower_char(a.data[i]) != str_lower_char(b.data[i]))
            return false;
    return true;
}

bool str_equal_secret(struct str a, struct str b)
{
    volatile unsigned char difference = 0;

    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        difference =
            (unsigned char)(difference | ((unsigned char)a.data[i] ^ (unsigned char)b.data[i]));
    return difference == 0;
}

bool str_starts_with(struct str text, struct str prefix)
{
    return text.size >= prefix.size && str_equal(str_slice(text, 0, prefix.size), prefix);
}

bool str_ends_with(struct str text, struct str suffix)
{
    return text.size >= suffix.size &&
           str_equal(str_slice(text, text.size - suffix.size, suffix.size), suffix);
}

int64_t str_find(struct str text, struct str part)
{
    const char *at;

    if (part.size == 0)
        return 0;
    if (text.size < part.size)
        return -1;
    at = memmem(text.data, text.size, part.data, part.size);
    return at == NULL ? -1 : at - text.data;
}

int64_t str_find_char(struct str text, char c)
{
    const char *at = text.size == 0 ? NULL : memchr(text.data, c, text.size);

    return at == NULL ? -1 : at - text.data;
}

struct str str_trim(struct str text)
{
    while (text.size > 0 && is_space(text.data[0]))
        text = str_slice(text, 1, text.size - 1);
    while (text.size > 0 && is_space(text.data[text.size - 1]))
        text.size--;
    return text;
}

struct str str_slice(struct str text, size_t start, size_t size)
{
    if (start >= text.size)
        return STR_EMPTY;
    if (size > text.size - start)
        size = text.size - start;
    return (struct str){.data = text.data + start, .size = size};
}

struct str str_cut(struct str *rest, char separator)
{
    int64_t at = str_find_char(*rest, separator);
    struct str part = *rest;

    if (at < 0) {
        *rest = STR_EMPTY;
        return part;
    }
    part.size = (size_t)at;
    /* What follows the last separator is empty but has data: the caller sees that there was one. */
    rest->data += part.size + 1;
    rest->size -= part.size + 1;
    return part;
}

int str_compare(struct str a, struct str b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size == 0 ? 0 : memcmp(a.data, b.data, size);

    if (order != 0)
        return order < 0 ? -1 : 1;
    return a.size == b.size ? 0 : a.size < b.size ? -1 : 1;
}

bool str_to_uint64(struct str text, uint64_t *out)
{
    uint64_t value = 0;

    if (text.size == 0)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)(text.data[i] - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

bool str_to_int64(struct str text, int64_t *out)
{
    bool is_signed = text.size > 0 && (text.data[0] == '-' || text.data[0] == '+');
    bool is_negative = is_signed && text.data[0] == '-';
    uint64_t value;

    if (is_signed)
        text = str_slice(text, 1, text.size - 1);
    if (!str_to_uint64(text, &value) || value > (uint64_t)INT64_MAX + (is_negative ? 1 : 0))
        return false;
    if (!is_negative)
        *out = (int64_t)value;
    else
        *out = value == (uint64_t)INT64_MAX + 1 ? INT64_MIN : -(int64_t)value;
    return true;
}

/* Digits at `*at`, moved behind them; how many. */
static size_t skip_digits(struct str text, size_t *at)
{
    size_t start = *at;

    while (*at < text.size && text.data[*at] >= '0' && text.data[*at] <= '9')
        (*at)++;
    return *at - start;
}

/* strtod() alone would take "inf", "0x1p3" and leading space. */
static bool is_decimal(struct str text)
{
    size_t at = 0;
    size_t digits;

    if (at < text.size && (text.data[at] == '-' || text.data[at] == '+'))
        at++;
    digits = skip_digits(text, &at);
    if (at < text.size && text.data[at] == '.') {
        at++;
        digits += skip_digits(text, &at);
    }
    if (digits == 0)
        return false;
    if (at < text.size && (text.data[at] == 'e' || text.data[at] == 'E')) {
        at++;
        if (at < text.size && (text.data[at] == '-' || text.data[at] == '+'))
            at++;
        if (skip_digits(text, &at) == 0)
            return false;
    }
    return at == text.size;
}

bool str_to_double(struct str text, double *out)
{
    char small[64];
    char *copy = small;
    double value;

    if (!is_decimal(text))
        return false;
    pthread_once(&c_locale_once, make_c_locale);
    if (text.size >= sizeof(small)) {
        copy = malloc(text.size + 1);
        if (copy == NULL)
            abort();
    }
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    value = strtod_l(copy, NULL, c_locale);
    if (copy != small)
        free(copy);
    if (!isfinite(value))
        return false;
    *out = value;
    return true;
}

struct str str_print_int64(int64_t number, char out[STR_INT64_SIZE])
{
    /* Unsigned, since the least number has no positive one. */
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    size_t at = STR_INT64_SIZE;

    do
        out[--at] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (number < 0)
        out[--at] = '-';
    return (struct str){.data = &out[at], .size = STR_INT64_SIZE - at};
}

struct str str_print_double(double number, char out[STR_DOUBLE_SIZE])
{
    locale_t before;
    int size = 0;

    assert(isfinite(number));
    pthread_once(&c_locale_once, make_c_locale);
    before = uselocale(c_locale);
    for (int digits = 15; digits <= 17; digits++) {
        size = snprintf(out, STR_DOUBLE_SIZE, "%.*g", digits, number);
        assert(size > 0 && size < STR_DOUBLE_SIZE - 2);
        if (strtod_l(out, NULL, c_locale) == number)
            break;
    }
    uselocale(before);
    if (strpbrk(out, ".e") == NULL) {
        out[size++] = '.';
        out[size++] = '0';
        out[size] = '\0';
    }
    return (struct str){.data = out, .size = (size_t)size};
}
