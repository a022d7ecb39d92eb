/* vitrine: build struct app, do what the command line says; app/commands.c has the verbs. */
#include "app/app.h"

/* The only mutable global: handed on as a pointer (STYLE, Threads). */
static struct app app = {.lock_fd = -1};

int main(int count, char **words) { return app_command(&app, count, words); }
