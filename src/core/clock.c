#include "core/clock.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MINUTE_MS = 60000, DAY_MINUTES = 1440 };
#define DAY_MS ((int64_t)DAY_MINUTES * MINUTE_MS)
/* 0000-01-01 and the last millisecond of 9999: what four digits can say. */
#define WALL_MIN_MS INT64_C(-62167219200000)
#define WALL_MAX_MS INT64_C(253402300799999)

static const char *const weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

struct date {
    int64_t year, month, day; /* month and day from 1 */
    int64_t hour, minute, second, ms;
};

static int64_t now_ms(clockid_t id)
{
    struct timespec now;

    if (clock_gettime(id, &now) != 0)
        abort();
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_wall_ms(void *context)
{
    (void)context;
    return now_ms(CLOCK_REALTIME);
}

static int64_t system_mono_ms(void *context)
{
    (void)context;
    return now_ms(CLOCK_BOOTTIME);
}

const struct clock clock_system = {.wall_ms = system_wall_ms, .mono_ms = system_mono_ms};

static int64_t fake_wall_ms(void *context) { return ((struct clock_fake *)context)->wall_ms; }

static int64_t fake_mono_ms(void *context) { return ((struct clock_fake *)context)->mono_ms; }

struct clock clock_of_fake(struct clock_fake *fake)
{
    return (struct clock){.wall_ms = fake_wall_ms, .mono_ms = fake_mono_ms, .context = fake};
}

/* Days since 1970-01-01, for years from 0 on, counted in 400-year eras that begin in March. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = year + 400 - (month <= 2 ? 1 : 0);
    int64_t era = y / 400;
    int64_t year_of_era = y % 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return (era - 1) * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
           day_of_year - 719468;
}

static struct date date_of(int64_t wall_ms)
{
    int64_t clamped = wall_ms < WALL_MIN_MS   ? WALL_MIN_MS
                      : wall_ms > WALL_MAX_MS ? WALL_MAX_MS
                                              : wall_ms;
    int64_t from_zero = clamped - WALL_MIN_MS; /* never negative: / and % round down */
    int64_t days = from_zero / DAY_MS + WALL_MIN_MS / DAY_MS;
    int64_t ms = from_zero % DAY_MS;
    int64_t shifted = days + 719468 + 146097; /* days since 1 March of year -400 */
    int64_t day_of_era = shifted % 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;

    return (struct date){
        .year = year_of_era + (shifted / 146097 - 1) * 400 + (month >= 10 ? 1 : 0),
        .month = month < 10 ? month + 3 : month - 9,
        .day = day_of_year - (153 * month + 2) / 5 + 1,
        .hour = ms / 3600000,
        .minute = ms / MINUTE_MS % 60,
        .second = ms / 1000 % 60,
        .ms = ms % 1000,
    };
}

/* So many digits and what follows them; gives the place behind. */
static char *put(char *out, int64_t number, size_t digits, char behind)
{
    for (size_t at = digits; at > 0; at--, number /= 10)
        out[at - 1] = (char)('0' + number % 10);
    out[digits] = behind;
    return out + digits + 1;
}

void clock_format(int64_t wall_ms, char out[CLOCK_TEXT_SIZE])
{
    struct date date = date_of(wall_ms);

    /* Not a printf: every row of a list and every event has several. */
    out = put(out, date.year, 4, '-');
    out = put(out, date.month, 2, '-');
    out = put(out, date.day, 2, 'T');
    out = put(out, date.hour, 2, ':');
    out = put(out, date.minute, 2, ':');
    out = put(out, date.second, 2, '.');
    out = put(out, date.ms, 3, 'Z');
    *out = '\0';
}

void clock_format_http(int64_t wall_ms, char out[CLOCK_TEXT_SIZE])
{
    struct date date = date_of(wall_ms);
    /* 1970-01-01 was a Thursday; whole weeks more, so that the remainder is never negative. */
    int64_t weekday = (days_of(date.year, date.month, date.day) + 4 + INT64_C(7) * 103000) % 7;

    (void)snprintf(out, CLOCK_TEXT_SIZE, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
                   weekdays[weekday], (unsigned)date.day % 100, &months[(date.month - 1) * 3],
                   (unsigned)date.year % 10000, (unsigned)date.hour % 100,
                   (unsigned)date.minute % 100, (unsigned)date.second % 100);
}

/* Takes exactly `digits` digits off the front. */
static bool take_number(struct str *rest, size_t digits, int64_t *out)
{
    int64_t value = 0;

    if (rest->size < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (rest->data[i] < '0' || rest->data[i] > '9')
            return false;
        value = value * 10 + (rest->data[i] - '0');
    }
    *rest = str_slice(*rest, digits, rest->size - digits);
    *out = value;
    return true;
}

static bool take_char(struct str *rest, char c)
{
    if (rest->size == 0 || rest->data[0] != c)
        return false;
    *rest = str_slice(*rest, 1, rest->size - 1);
    return true;
}

static bool take_text(struct str *rest, const char *text)
{
    struct str part = str_of(text);

    if (!str_starts_with(*rest, part))
        return false;
    *rest = str_slice(*rest, part.size, rest->size - part.size);
    return true;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

/* Checks the ranges and gives the time, `offset_minutes` east of UTC. */
static bool date_to_ms(const struct date *date, int64_t offset_minutes, int64_t *wall_ms)
{
    int64_t minutes;
    int64_t ms;

    if (date->month < 1 || date->month > 12 || date->day < 1 ||
        date->day > days_in_month(date->year, date->month) || date->hour > 23 ||
        date->minute > 59 || date->second > 60)
        return false;
    minutes = days_of(date->year, date->month, date->day) * DAY_MINUTES + date->hour * 60 +
              date->minute - offset_minutes;
    /* A leap second ends a UTC day; it is read as the first second of the next. */
    if (date->second == 60 && (minutes + 1) % DAY_MINUTES != 0)
        return false;
    ms = minutes * MINUTE_MS + date->second * 1000 + date->ms;
    if (ms < WALL_MIN_MS || ms > WALL_MAX_MS)
        return false;
    *wall_ms = ms;
    return true;
}

/* ".25" as milliseconds; what is finer is dropped. */
static bool take_fraction(struct str *rest, int64_t *ms)
{
    int64_t digit;
    int64_t weight = 100;

    *ms = 0;
    if (!take_char(rest, '.'))
        return true;
    if (!take_number(rest, 1, &digit))
        return false;
    do {
        *ms += digit * weight;
        weight /= 10;
    } while (take_number(rest, 1, &digit));
    return true;
}

static bool take_offset(struct str *rest, int64_t *minutes)
{
    int64_t hour, minute;
    bool is_west;

    *minutes = 0;
    if (take_char(rest, 'Z') || take_char(rest, 'z'))
        return true;
    is_west = take_char(rest, '-');
    if (!is_west && !take_char(rest, '+'))
        return false;
    if (!take_number(rest, 2, &hour) || !take_char(rest, ':') || !take_number(rest, 2, &minute) ||
        hour > 23 || minute > 59)
        return false;
    *minutes = (hour * 60 + minute) * (is_west ? -1 : 1);
    return true;
}

static bool take_time(struct str *rest, struct date *date)
{
    return take_number(rest, 2, &date->hour) && take_char(rest, ':') &&
           take_number(rest, 2, &date->minute) && take_char(rest, ':') &&
           take_number(rest, 2, &date->second);
}

bool clock_parse(struct str text, int64_t *wall_ms)
{
    struct date date = {0};
    int64_t offset = 0;

    if (!take_number(&text, 4, &date.year) || !take_char(&text, '-') ||
        !take_number(&text, 2, &date.month) || !take_char(&text, '-') ||
        !take_number(&text, 2, &date.day))
        return false;
    if (text.size > 0 &&
        (!(take_char(&text, 'T') || take_char(&text, 't')) || !take_time(&text, &date) ||
         !take_fraction(&text, &date.ms) || !take_offset(&text, &offset) || text.size > 0))
        return false;
    return date_to_ms(&date, offset, wall_ms);
}

static bool take_month(struct str *rest, int64_t *month)
{
    for (int64_t i = 0; i < 12; i++) {
        if (!str_starts_with(*rest, (struct str){.data = months + i * 3, .size = 3}))
            continue;
        *rest = str_slice(*rest, 3, rest->size - 3);
        *month = i + 1;
        return true;
    }
    return false;
}

/* "Sun" or, in RFC 850, "Sunday".  It is not compared with the date: RFC 9110 asks for tolerance.
 */
static bool take_weekday(struct str *rest, bool *is_long)
{
    for (size_t i = 0; i < COUNT(weekdays); i++) {
        *is_long = take_text(rest, weekdays[i]);
        if (*is_long)
            return true;
        if (str_starts_with(*rest, (struct str){.data = weekdays[i], .size = 3})) {
            *rest = str_slice(*rest, 3, rest->size - 3);
            return true;
        }
    }
    return false;
}

/* RFC 9110 5.6.7 wants the century nearest to now; a fixed window does until 2069 and needs no
 * clock. */
static bool take_short_year(struct str *rest, int64_t *year)
{
    if (!take_number(rest, 2, year))
        return false;
    *year += *year < 70 ? 2000 : 1900;
    return true;
}

static bool take_asctime(struct str *rest, struct date *date)
{
    return take_month(rest, &date->month) && take_char(rest, ' ') &&
           take_number(rest, take_char(rest, ' ') ? 1 : 2, &date->day) && take_char(rest, ' ') &&
           take_time(rest, date) && take_char(rest, ' ') && take_number(rest, 4, &date->year);
}

bool clock_parse_http(struct str text, int64_t *wall_ms)
{
    struct date date = {0};
    bool is_long;
    bool is_read;

    if (!take_weekday(&text, &is_long))
        return false;
    if (!is_long && take_char(&text, ' '))
        is_read = take_asctime(&text, &date);
    else if (is_long)
        is_read = take_text(&text, ", ") && take_number(&text, 2, &date.day) &&
                  take_char(&text, '-') && take_month(&text, &date.month) &&
                  take_char(&text, '-') && take_short_year(&text, &date.year) &&
                  take_char(&text, ' ') && take_time(&text, &date) && take_text(&text, " GMT");
    else
        is_read = take_text(&text, ", ") && take_number(&text, 2, &date.day) &&
                  take_char(&text, ' ') && take_month(&text, &date.month) &&
                  take_char(&text, ' ') && take_number(&text, 4, &date.year) &&
                  take_char(&text, ' ') && take_time(&text, &date) && take_text(&text, " GMT");
    return is_read && text.size == 0 && date_to_ms(&date, 0, wall_ms);
}
