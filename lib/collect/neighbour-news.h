/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_NEIGHBOUR_NEWS_H
#define DM_COLLECT_NEIGHBOUR_NEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * What the kernel tells of neighbours as it happens, by rtnetlink: in the
 * collector's network namespace and in each that has an id there, without
 * entering it. Source: Linux, net/core/neighbour.c, neigh_fill_info;
 * net/core/net_namespace.c, rtnl_net_newid; net/netlink/af_netlink.c,
 * do_one_broadcast.
 */

/** One neighbour. */
struct dm_neighbour_news {
	bool lost;	 /* some have been; no more is said */
	int32_t nsid;	 /* the namespace's id; -1: the collector's own */
	bool v6, here;	 /* it is in the table, with a MAC address */
	bool router;	 /* it says so; IPv6 only */
	uint32_t device; /* the interface's number in its namespace */
	uint8_t ip[16];	 /* of IPv4 the first four */
	uint64_t mac;
};

/** One datagram. False: it is not about a neighbour that has a MAC address. */
bool dm_neighbour_news_parse(
    const void *p, size_t n, struct dm_neighbour_news *ret);

/**
 * Listen. It needs CAP_NET_BROADCAST.
 * Returns a descriptor that does not block, or -1 with err.
 */
int dm_neighbour_news_open(struct dm_err *err) DM_MUST_CHECK;

/** Returns 1 with the next, 0 where there is none now, -1 with err. One that is
 * of no use has no namespace: nsid is -1. */
int dm_neighbour_news_read(
    int fd, struct dm_neighbour_news *ret, struct dm_err *err) DM_MUST_CHECK;

/**
 * The id that a network namespace has in the collector's own; it is given one
 * if need be, which needs CAP_NET_ADMIN.
 * @ns  a descriptor of it
 * Returns 0 or an errno.
 */
int dm_nsid_get(int ns, int32_t *ret);

#endif
