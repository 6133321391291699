/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_NETWORK_H
#define DM_COLLECT_NETWORK_H

#include "base/map.h"
#include "collect/ndp.h"
#include "collect/neighbours.h"
#include "collect/net-text.h"
#include "collect/reread.h"
#include "collect/source.h"

/*
 * The source `network`: what each container's network namespace says of
 * itself, by a process that is in it. net/dev is read in every sweep. The
 * counters (sockstat, snmp, netstat) and neighbours come in turns, and what was
 * read last is repeated; of neighbours the kernel tells when they are others.
 * Tables of sockets are dear, whatever they hold, and are read only where
 * sockstat says that there are sockets.
 */

/** Families of sockets, in the order of their tables. */
enum dm_net_family {
	DM_NET_TCP,
	DM_NET_TCP6,
	DM_NET_UDP,
	DM_NET_UDP6,
	DM_NET_FAMILIES
};

#define DM_NET_FAMILY_BIT(family) (1U << (family))

/** Counters that have a row each, and then those that have none. */
#define DM_NET_TCP_COUNTERS   19
#define DM_NET_PLAIN_COUNTERS 5
#define DM_NET_COUNTERS	      (DM_NET_TCP_COUNTERS + DM_NET_PLAIN_COUNTERS)

/** In the order of their groups, so that dm_net_counters can read them. */
extern const struct dm_net_counter dm_net_wanted[DM_NET_COUNTERS];

#define DM_NET_INTERFACE_BYTES 16 /* IFNAMSIZ */

struct dm_net_interface {
	char name[DM_NET_INTERFACE_BYTES];
	bool promiscuous;
};

/** What was read in the last turns. */
struct dm_net_values {
	uint64_t have; /* a bit for each counter */
	uint64_t counters[DM_NET_COUNTERS];
	uint32_t shown; /* counters that have been written */
	bool again;	/* they had been read before */

	unsigned sockets_seen; /* families that sockstat tells of */
	uint64_t sockets[DM_NET_FAMILIES];
	uint64_t timewait; /* of both TCP families */

	unsigned tables_seen; /* families whose states are known */
	uint64_t tcp[2][DM_TCP_STATES];
	uint32_t tcp_shown; /* states that have been written */
	bool udp_shown;
	struct dm_net_udp udp[2];

	struct dm_net_interface *interfaces; /* whose flags are known */
	size_t n_interfaces;
};

/** What is kept of a container. */
struct dm_net_box {
	pid_t pid;	/* 0: no process is known */
	uint64_t start; /* the process's, ticks since boot */
	uint32_t ns;	/* inode of its network namespace; 0: not known */
	bool owner;	/* and no other container has it */
	unsigned serial, turns;
	int error;   /* why no process is known */
	bool due;    /* the tables of sockets are to be read */
	bool tabled; /* they have been */
	int64_t tables_us;
	struct dm_reread dev; /* net/dev, which pins the namespace */
	struct dm_net_values values;
	struct dm_neighbours neighbours;
	struct dm_ndp ndp;
	bool asked;   /* for the namespace's id */
	int32_t nsid; /* it, where `heard` */
	bool heard;   /* the kernel tells of its neighbours */
	bool news;    /* the ARP table is to be read */
};

/** What the kernel tells of neighbours. */
struct dm_net_ears {
	int fd;		       /* -1: it tells nothing */
	struct dm_err why;     /* then */
	struct dm_map by_nsid; /* boxes that own their namespaces */
	uint64_t lost;	       /* times that the kernel dropped something */
};

/** Where and how to read. */
struct dm_net_reader {
	int procfs;
	bool live;	    /* a procfs, not a recording of one */
	uint64_t sysfs_dev; /* of the host's sysfs; 0: not known */
	size_t kept, max_kept;
	struct dm_buf text;
};

/* network-read.c */

int dm_net_reader_init(struct dm_net_reader *r,
    const struct dm_collect_options *o, struct dm_err *err) DM_MUST_CHECK;
void dm_net_reader_release(struct dm_net_reader *r);

/** The inode of a process's network namespace. @who  "self" or a pid.
 * Returns 0 or an errno. */
int dm_net_namespace(
    const struct dm_net_reader *r, const char *who, uint32_t *ret);

/** When a process started, in ticks since boot; UINT64_MAX: not known. */
uint64_t dm_net_start(struct dm_net_reader *r, pid_t pid);

/** A file of the process, in r->text. Returns 0 or an errno. */
int dm_net_read(struct dm_net_reader *r, pid_t pid, const char *name);

/** net/dev by the descriptor that is kept, in r->text. */
int dm_net_read_dev(struct dm_net_reader *r, struct dm_net_box *box);
void dm_net_close_dev(struct dm_net_reader *r, struct dm_net_box *box);

/** sockstat, snmp and netstat. Returns 0, or ENOMEM. */
int dm_net_read_counters(struct dm_net_reader *r, struct dm_net_box *box);

/** The ARP table and gateways. Returns 0, or ENOMEM. */
int dm_net_read_neighbours(struct dm_net_reader *r, struct dm_net_box *box);

/** The tables of those families that have sockets. */
void dm_net_read_tables(struct dm_net_reader *r, struct dm_net_box *box);

/* network-hear.c */

/** Listen, if that is of use and the kernel allows it. */
void dm_net_ears_open(struct dm_net_ears *e, const struct dm_net_reader *r,
    const struct dm_collect_options *o);
void dm_net_ears_release(struct dm_net_ears *e);

/** From now on the box gets what is heard of its namespace, as far as that can
 * be. The map lends from it. */
int dm_net_ears_add(struct dm_net_ears *e, const struct dm_net_reader *r,
    struct dm_net_box *box, struct dm_err *err) DM_MUST_CHECK;

/** Take what there is, without waiting, into the boxes. */
int dm_net_ears_take(struct dm_net_ears *e, struct dm_err *err) DM_MUST_CHECK;

/* network-promisc.c */

/** Which interfaces are promiscuous, by the container's own sysfs. Nothing
 * is known where it has none of this namespace. Returns 0, or ENOMEM. */
int dm_net_read_promiscuous(struct dm_net_reader *r, struct dm_net_box *box);

/** The type of a mount by its id, as mountinfo lists it. */
bool dm_net_mount_type(
    struct dm_str mountinfo, uint64_t mount_id, struct dm_str *ret);

/* network-write.c */

/** All that is known, as rows and metrics. @dev  the text of net/dev */
void dm_net_write(
    struct dm_net_values *v, struct dm_str dev, struct dm_part *part);

#endif
