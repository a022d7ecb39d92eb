/* vitrine: arguments, build struct app, run, tear down. */
#include "app/app.h"

#include <stdio.h>
#include <string.h>

static struct app app; /* the only mutable global: handed on as a pointer (STYLE, Threads) */

int main(int count, char **words)
{
    const char *verb = count > 1 ? words[1] : "serve";

    if (strcmp(verb, "serve") == 0)
        return command_serve(&app, count > 1 ? count - 2 : 0, words + 2);
    if (verb[0] == '-' && strcmp(verb, "--help") != 0 && strcmp(verb, "--version") != 0)
        return command_serve(&app, count - 1, words + 1);
    if (strcmp(verb, "token") == 0)
        return command_token(&app, count - 2, words + 2);
    if (strcmp(verb, "version") == 0 || strcmp(verb, "--version") == 0) {
        printf("vitrine %s\n", VITRINE_VERSION);
        return 0;
    }
    if (strcmp(verb, "help") == 0 || strcmp(verb, "--help") == 0)
        return command_help(count - 2, words + 2);
    fprintf(stderr, "vitrine: unknown verb \"%.60s\"; see vitrine help\n", verb);
    return 2;
}
