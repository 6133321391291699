/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_NDP_H
#define DM_COLLECT_NDP_H

#include "collect/neighbour-news.h"
#include "collect/source.h"

/*
 * Who claims which IPv6 address in a network namespace, as far as it was heard
 * of: procfs has no table of it.
 */

/* What a namespace has beyond them is not looked at. */
#define DM_NDP_MAX 256

struct dm_ndp_entry {
	uint8_t ip[16];
	uint32_t device;
	uint64_t mac;
	bool router; /* it is or was one */
	bool here;   /* it is in the table */
};

/** {0}: nothing. */
struct dm_ndp {
	struct dm_ndp_entry *list; /* routers that are gone, too */
	size_t n, cap;
	bool judged, conflict;
	uint64_t changes, router_changes; /* of an address to another MAC */
};

/** Returns 0, or ENOMEM. */
int dm_ndp_step(struct dm_ndp *s, const struct dm_neighbour_news *news);

void dm_ndp_write(struct dm_ndp *s, struct dm_metrics *m);

/** Forget all. */
void dm_ndp_release(struct dm_ndp *s);

#endif
