/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_NET_TEXT_H
#define DM_COLLECT_NET_TEXT_H

#include "base/str.h"

/*
 * Texts of /proc/PID/net to values. Pure functions. Format: proc(5), and
 * net/core/net-procfs.c, net/ipv4/proc.c, net/ipv4/tcp_ipv4.c of Linux.
 */

/** The columns of net/dev, in its order. */
enum dm_net_column {
	DM_NET_RX_BYTES,
	DM_NET_RX_PACKETS,
	DM_NET_RX_ERRORS,
	DM_NET_RX_DROPPED,
	DM_NET_RX_FIFO,
	DM_NET_RX_FRAME,
	DM_NET_RX_COMPRESSED,
	DM_NET_RX_MULTICAST,
	DM_NET_TX_BYTES,
	DM_NET_TX_PACKETS,
	DM_NET_TX_ERRORS,
	DM_NET_TX_DROPPED,
	DM_NET_TX_FIFO,
	DM_NET_TX_COLLISIONS,
	DM_NET_TX_CARRIER,
	DM_NET_TX_COMPRESSED,
	DM_NET_COLUMNS
};

struct dm_net_dev {
	struct dm_str name; /* lies in the text; any bytes but / and blanks */
	uint64_t values[DM_NET_COLUMNS];
};

/** Cut the next interface off the text of net/dev; lines that are none are
 * left out. False at the end. */
bool dm_net_dev_next(struct dm_str *rest, struct dm_net_dev *ret);

/** One value of net/sockstat or sockstat6: "TCP", "inuse". */
bool dm_net_sockstat(
    struct dm_str text, const char *protocol, const char *key, uint64_t *ret);

/** A counter of net/snmp or net/netstat. */
struct dm_net_counter {
	const char *group; /* "TcpExt" */
	const char *name;  /* "ListenDrops" */
};

/**
 * Read counters: a line of names, and one of values, for each group.
 * @wanted  n of them, at most 64; those of one group side by side
 * @values  gets what is there
 * Returns a bit for each that is there.
 */
uint64_t dm_net_counters(struct dm_str text,
    const struct dm_net_counter *wanted, unsigned n, uint64_t *values);

/** TCP states as the kernel numbers them, from 1.
 * Source: include/net/tcp_states.h. */
#define DM_TCP_STATES 11

/** cAdvisor's name of a TCP state, 1 to DM_TCP_STATES. */
const char *dm_net_tcp_state(unsigned state);

/** Count the sockets of net/tcp or tcp6 by their state less one. */
void dm_net_tcp_count(struct dm_str text, uint64_t ret[DM_TCP_STATES]);

/** What net/udp or udp6 says of all sockets together. */
struct dm_net_udp {
	uint64_t listen; /* bound, and not connected */
	uint64_t dropped, rx_queued, tx_queued;
};

void dm_net_udp_count(struct dm_str text, struct dm_net_udp *ret);

#endif
