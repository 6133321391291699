/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEST_PROMQL_MEMORY_H
#define TEST_PROMQL_MEMORY_H

#include "promql/promql.h"

/* Series in memory, all of whose past can be looked at. */
struct memory {
	struct dm_labels_pool *pool;
	struct dm_series *series;
	size_t n;
};

void memory_start(struct memory *m);
void memory_stop(struct memory *m);

/** A series: NAME{a="b"} MS:VALUE MS:VALUE ..., a VALUE may be `stale`. */
void memory_add(struct memory *m, const char *line);

struct dm_querier memory_querier(struct memory *m);

#endif
