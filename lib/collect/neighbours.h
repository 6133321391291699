/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_NEIGHBOURS_H
#define DM_COLLECT_NEIGHBOURS_H

#include "collect/source.h"

/*
 * Who claims which IPv4 address in a network namespace: its ARP table
 * (net/arp) and its gateways (net/route). Format: net/ipv4/arp.c and
 * net/ipv4/fib_trie.c of Linux.
 */

/* What a namespace has beyond them is not looked at. */
#define DM_NEIGHBOURS_MAX 256
#define DM_GATEWAYS_MAX	  8

#define DM_NEIGHBOUR_DEVICE_BYTES 16 /* IFNAMSIZ */

struct dm_neighbour {
	uint32_t ip; /* in the network's order of bytes */
	uint64_t mac;
	char device[DM_NEIGHBOUR_DEVICE_BYTES];
	bool gateway;
};

/** Cut the next entry that has been answered off net/arp. */
bool dm_neighbour_next(struct dm_str *rest, struct dm_neighbour *ret);

/** The gateways in net/route, without their MACs. Returns how many. */
unsigned dm_gateways(struct dm_str route, struct dm_neighbour *ret);

/** What a namespace's tables have said so far. {0}: nothing. */
struct dm_neighbours {
	bool seen;
	struct dm_neighbour *list; /* gateways that are gone, too */
	size_t n;
	unsigned entries; /* in the table */
	bool conflict;	  /* a gateway's MAC has another address as well */
	uint64_t changes, gateway_changes; /* of an address to another MAC */
};

/**
 * Take what the tables say now.
 * @gateways  n_gateways of them, by dm_gateways
 * Returns 0, or ENOMEM.
 */
int dm_neighbours_step(struct dm_neighbours *s, struct dm_str arp,
    const struct dm_neighbour *gateways, unsigned n_gateways);

/**
 * An address has answered.
 * Returns whether the table is to be read for it.
 */
bool dm_neighbours_hear(struct dm_neighbours *s, uint32_t ip, uint64_t mac);

void dm_neighbours_write(const struct dm_neighbours *s, struct dm_metrics *m);

/** Forget all. */
void dm_neighbours_release(struct dm_neighbours *s);

#endif
