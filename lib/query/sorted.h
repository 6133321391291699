/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_QUERY_SORTED_H
#define DM_QUERY_SORTED_H

#include "series/window.h"

/**
 * A querier of a window that changes no more: it gives series in the order
 * of their names and labels, so that an answer does not depend on where the
 * records came from, and it looks at fixed times too, as nothing has been
 * dropped. Set the first three.
 */
struct dm_sorted {
	struct dm_querier inner; /* dm_window_querier's */
	bool (*stop)(void *ctx); /* asked at each select; or NULL */
	void *stop_ctx;
};

struct dm_querier dm_sorted_querier(struct dm_sorted *s);

#endif
