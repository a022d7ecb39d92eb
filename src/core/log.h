/* core/log.h: a log line is an event and pairs, written whole to standard error.  Any thread. */
#pragma once

#include "core/error.h"
#include "core/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_pair {
    const char *name;
    enum { LOG_PAIR_INT, LOG_PAIR_STR } type;
    int64_t number;
    struct str text; /* control characters are escaped; cut at 400 bytes */
};

#define LOG_INT(key, value)                                                                        \
    ((struct log_pair){.name = (key), .type = LOG_PAIR_INT, .number = (value)})
#define LOG_STR(key, value)                                                                        \
    ((struct log_pair){.name = (key), .type = LOG_PAIR_STR, .text = (value)})
#define LOG_CSTR(key, value) LOG_STR(key, str_of(value))

/* log_info() and its kin want one pair at least; an event alone is log_write(level, event, NULL,
 * 0). */
/* Lines below `level` are dropped.  `as_json`: one JSON object a line, else logfmt.  Thread: main,
 * before others. */
void log_configure(enum log_level level, bool as_json);
void log_write(enum log_level level, const char *event, const struct log_pair *pairs, size_t count);
/* The event with code, message and detail of `err`, and the pairs. */
void log_failure(enum log_level level, const char *event, const struct error *err,
                 const struct log_pair *pairs, size_t count);

#define LOG_PAIRS(...)                                                                             \
    (const struct log_pair[]){__VA_ARGS__}, COUNT(((const struct log_pair[]){__VA_ARGS__}))
#define log_debug(event, ...) log_write(LOG_DEBUG, event, LOG_PAIRS(__VA_ARGS__))
#define log_info(event, ...) log_write(LOG_INFO, event, LOG_PAIRS(__VA_ARGS__))
#define log_warn(event, ...) log_write(LOG_WARN, event, LOG_PAIRS(__VA_ARGS__))
#define log_error(event, err, ...) log_failure(LOG_ERROR, event, err, LOG_PAIRS(__VA_ARGS__))
