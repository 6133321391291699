/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_CMD_MATCH_RULES_H
#define DM_CMD_MATCH_RULES_H

#include <stddef.h>

/* What dmon-match does with rule files alone: each says what it finds as
 * promtool does, and returns the status to exit with. */

/** Check rule files and the folders of them. */
int dm_match_check(const char *const *paths, size_t n);

/** Run files of unit tests. */
int dm_match_test(const char *const *files, size_t n);

#endif
