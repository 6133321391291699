/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RULES_TEMPLATE_TIME_H
#define DM_RULES_TEMPLATE_TIME_H

#include "rules/template-ast.h"

/* Times in templates, always in UTC. Source: Go, package time. */

/** As Go prints it: 2015-06-23 13:19:44.128 +0000 UTC */
void dm_go_time(struct dm_buf *b, int64_t us);
/** As its Format prints it, by a layout such as 2006-01-02 15:04:05. */
void dm_go_time_format(struct dm_buf *b, int64_t us, struct dm_str layout);

bool dm_go_time_has_method(struct dm_str name, size_t n_args);
/** One of those that there are. */
int dm_expand_time_method(struct expand *x, const struct tv *v,
    struct dm_str name, const struct tv *args, struct tv *ret);

#endif
