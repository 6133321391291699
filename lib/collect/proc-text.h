/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_PROC_TEXT_H
#define DM_COLLECT_PROC_TEXT_H

#include "base/buf.h"

/*
 * Texts of procfs to values. Pure functions: they read what they are handed
 * and nothing else. Format: proc(5) and Documentation/filesystems/proc.rst.
 */

/** What dmon takes from /proc/PID/stat. */
struct dm_proc_stat {
	struct dm_str comm; /* lies in the text; any bytes but NUL */
	char state;
	uint64_t flags; /* PF_..., of the kernel's include/linux/sched.h */
	int64_t pid, ppid, session;
	int64_t tty; /* the terminal's device number, 0: none */
	uint64_t user_ticks, system_ticks;
	uint64_t threads;
	uint64_t start; /* ticks since boot */
	uint64_t virtual_bytes;
	int64_t resident_pages;
	uint64_t stack; /* where it starts: another one after each exec */
};

/** The text of /proc/PID/stat. False if it is not one. */
bool dm_proc_stat_parse(struct dm_str text, struct dm_proc_stat *ret);

/** The order of dm_proc_status.caps and of the lines' names. */
enum dm_cap_set {
	DM_CAPS_EFFECTIVE,
	DM_CAPS_PERMITTED,
	DM_CAPS_INHERITABLE,
	DM_CAPS_BOUNDING,
	DM_CAPS_AMBIENT,
	DM_CAPS_N
};

/* Which members of dm_proc_status were there. */
enum {
	DM_STATUS_UID = 1,
	DM_STATUS_TRACER = 2,
	DM_STATUS_SECCOMP = 4,
	DM_STATUS_NO_NEW_PRIVS = 8,
	DM_STATUS_CAPS = 16, /* shifted left by the set's number */
	DM_STATUS_CAPS_ALL = 31 * DM_STATUS_CAPS
};

/** What dmon takes from /proc/PID/status. */
struct dm_proc_status {
	unsigned have;
	uint32_t uid; /* effective */
	uint32_t tracer;
	uint32_t seccomp;
	bool no_new_privs;
	uint64_t caps[DM_CAPS_N];
};

/** The text of /proc/PID/status; a line that is not what it should be counts
 * as missing. */
void dm_proc_status_parse(struct dm_str text, struct dm_proc_status *ret);

/** The target of a link in ns/: "mnt:[4026531841]". False if it is not one
 * of that name. */
bool dm_proc_ns_parse(struct dm_str target, const char *name, uint32_t *ret);

/** Does a mountinfo list the mount with this id? */
bool dm_proc_mountinfo_has(struct dm_str text, uint64_t mount_id);

/** The uid within a user namespace, by its uid_map. False where it has
 * none. */
bool dm_proc_uid_inside(struct dm_str map, uint32_t outside, uint32_t *ret);

/** A terminal's device number as a name: "pts/3", "tty1", "4:64"; "" for 0.
 * Source: Documentation/admin-guide/devices.txt. */
void dm_proc_tty_name(int64_t tty, char *dst, size_t dst_bytes);

/** A process's state as the kernel counts it; -1 for a letter unknown.
 * Source: include/linux/sched.h and fs/proc/array.c. */
int dm_proc_state_number(char state);

/** Is it the executable of a runtime that sets a container up? By its name
 * only. */
bool dm_proc_is_runtime(struct dm_str exe);

#endif
