/* db/migrations.h: the files of migrations/ as the build found them (tools/embed_migrations). */
#pragma once

#include "db/db.h"

extern const struct migration db_migrations[]; /* numbered 1, 2, … without a gap */
extern const size_t db_migration_count;
