/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_KMSG_TEXT_H
#define DM_COLLECT_KMSG_TEXT_H

#include <sys/types.h>

#include "base/buf.h"

/*
 * What the kernel's messages say. Pure functions.
 * Source: Linux, Documentation/ABI/testing/dev-kmsg; mm/oom_kill.c,
 * arch/x86/mm/fault.c, security/apparmor/audit.c, kernel/auditsc.c,
 * net/netfilter/nf_conntrack_core.c, net/ipv4/tcp_input.c,
 * kernel/cgroup/pids.c.
 */

/** A message in /dev/kmsg. */
struct dm_kmsg {
	uint64_t seq;
	bool kernel;	    /* its own; else a program wrote it */
	struct dm_str text; /* lies in what was parsed */
};

/** The first line of a record: "6,339,5140900,-;text". False where it is none;
 * the lines behind it tell of a device, and are none. */
bool dm_kmsg_parse(struct dm_str line, struct dm_kmsg *ret);

enum dm_kmsg_what {
	DM_KMSG_OOM_KILL,
	DM_KMSG_SEGFAULT,
	DM_KMSG_APPARMOR,
	DM_KMSG_SELINUX,
	DM_KMSG_SECCOMP,
	DM_KMSG_CONNTRACK, /* its table is full */
	DM_KMSG_SYN_FLOOD,
	DM_KMSG_FORKS, /* were refused: the limit of tasks */
	DM_KMSG_WHATS,
};

struct dm_kmsg_event {
	enum dm_kmsg_what what;
	pid_t pid; /* 0: not said */
	bool uid_said;
	uint32_t uid;
	struct dm_str cgroup; /* empty: not said; lent by the reader */
	/** A further number, as what's name says: its port, its syscall; 0:
	 * none. */
	uint64_t number;
};

/** What one message leaves for the next; {0} to begin with. */
struct dm_kmsg_reader {
	struct dm_buf cgroup; /* whose memory has run out; empty: the host's */
	pid_t told;	      /* the victim told last */
};

void dm_kmsg_reader_release(struct dm_kmsg_reader *r);

/**
 * What a message of the kernel's own tells. Names in it that a process can
 * choose are not taken for more than that.
 * False: nothing that dmon knows.
 */
bool dm_kmsg_read(
    struct dm_kmsg_reader *r, struct dm_str text, struct dm_kmsg_event *ret);

#endif
