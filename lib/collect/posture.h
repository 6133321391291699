/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_POSTURE_H
#define DM_COLLECT_POSTURE_H

#include <jansson.h>

#include "collect/proc.h"

/*
 * What a container was allowed, looked at from two sides: what was asked for
 * when it was made (declared, from the engine's answer) and what its first
 * process has (effective, from procfs and cgroups). Each side answers the
 * same questions, the checks; a side that can't see one leaves it open.
 */

enum dm_posture_check {
	DM_POSTURE_PRIVILEGED,
	DM_POSTURE_RUNTIME_SOCKET,
	DM_POSTURE_HOST_ROOT,
	DM_POSTURE_HOST_PATH_WRITE,
	DM_POSTURE_HOST_PATH_READ,
	DM_POSTURE_HOST_DISK,
	DM_POSTURE_HOST_DEVICE,
	DM_POSTURE_PROC_SYS_WRITABLE,
	DM_POSTURE_PROC_UNMASKED,
	DM_POSTURE_SYS_WRITABLE,
	DM_POSTURE_CGROUP_WRITABLE,
	DM_POSTURE_MOUNT_SHARED,
	DM_POSTURE_CAPS_DANGEROUS,
	DM_POSTURE_CAPS_ADDED,
	DM_POSTURE_CAPS_KEPT,
	DM_POSTURE_SECCOMP_OFF,
	DM_POSTURE_APPARMOR_OFF,
	DM_POSTURE_SELINUX_OFF,
	DM_POSTURE_NEW_PRIVILEGES,
	DM_POSTURE_ROOT_USER,
	DM_POSTURE_HOST_PID,
	DM_POSTURE_HOST_NETWORK,
	DM_POSTURE_HOST_IPC,
	DM_POSTURE_HOST_UTS,
	DM_POSTURE_HOST_USER,
	DM_POSTURE_HOST_CGROUP,
	DM_POSTURE_MEMORY_UNLIMITED,
	DM_POSTURE_PIDS_UNLIMITED,
	DM_POSTURE_CPU_UNLIMITED,
	DM_POSTURE_ROOTFS_WRITABLE,
	DM_POSTURE_IMAGE_UNPINNED,
	DM_POSTURE_IMAGE_LATEST,
	DM_POSTURE_IMAGE_REGISTRY,
	DM_POSTURE_N
};

enum dm_posture_severity {
	DM_POSTURE_INFO,
	DM_POSTURE_WARNING,
	DM_POSTURE_CRITICAL,
	DM_POSTURE_SEVERITIES
};

/** The one table of checks, by enum dm_posture_check. */
struct dm_posture_entry {
	const char *name; /* the label `check` */
	enum dm_posture_severity severity;
	const char *what; /* that it is there, for people */
	const char *advice;
};

extern const struct dm_posture_entry dm_posture_table[DM_POSTURE_N];

/** "info", "warning", "critical", and what one takes from the score. */
extern const char *const dm_posture_severity_names[DM_POSTURE_SEVERITIES];
extern const unsigned dm_posture_weights[DM_POSTURE_SEVERITIES];

/** What one side says. {0} says nothing. */
struct dm_posture_side {
	uint64_t seen, found; /* a bit for each check */
	uint64_t caps;	      /* what root in it can have at most */
	bool caps_seen;
	bool failed; /* memory ran out, and something is missing */
	/* What was found, with names from outside; empty: nothing to add. */
	struct dm_buf notes[DM_POSTURE_N];
};

/** Says nothing again; memory is kept. */
void dm_posture_side_clear(struct dm_posture_side *s);
void dm_posture_side_release(struct dm_posture_side *s);

/** Answer a check. A finding stays one whatever is said after it. */
void dm_posture_see(
    struct dm_posture_side *s, enum dm_posture_check check, bool found);

/** A finding, and what was found; of several all that fits is kept. */
void dm_posture_find(
    struct dm_posture_side *s, enum dm_posture_check check, struct dm_str note);

static inline bool dm_posture_has(uint64_t bits, enum dm_posture_check check)
{
	return bits >> check & 1;
}

/** In effect, but not declared. Both sides must have seen the check. */
bool dm_posture_differs(const struct dm_posture_side *declared,
    const struct dm_posture_side *effective, enum dm_posture_check check);

/** 100 less the weight of each finding, at least 0. */
unsigned dm_posture_score(uint64_t found);

/** Answer the three checks of capabilities, and privileged not. */
void dm_posture_see_caps(struct dm_posture_side *s, uint64_t caps);

/** What Docker gives a container that asks for nothing. */
#define DM_POSTURE_CAPS_DEFAULT UINT64_C(0xa80425fb)

/** A capability's number by its name, with or without CAP_, in any case; -1:
 * none. */
int dm_posture_cap(struct dm_str name);
#define DM_POSTURE_CAPS_ALL ((UINT64_C(1) << 41) - 1)

/** A path of the host is mounted at point. Answers the checks of paths. */
void dm_posture_see_path(struct dm_posture_side *s, struct dm_str path,
    struct dm_str point, bool writable);

/** A line of mountinfo; paths as the kernel escapes them, lent. */
struct dm_posture_mount {
	uint64_t dev; /* major << 32 | minor */
	struct dm_str root, point, fstype;
	bool writable;
};

/** Cut the next mount off a mountinfo; what is none is passed over. */
bool dm_posture_mount_next(struct dm_str *rest, struct dm_posture_mount *ret);

/** The host's mounts, to tell where on the host a mount comes from. */
struct dm_posture_mounts {
	struct dm_buf text;
	struct dm_posture_mount *list; /* by device */
	size_t n;
};

/** @text is copied. Leaves what was there on failure. */
int dm_posture_mounts_read(struct dm_posture_mounts *m, struct dm_str text,
    struct dm_err *err) DM_MUST_CHECK;
void dm_posture_mounts_release(struct dm_posture_mounts *m);

/** The path on the host of what is mounted, added to b. False: it is not
 * mounted there. */
bool dm_posture_mounts_path(const struct dm_posture_mounts *m,
    const struct dm_posture_mount *mount, struct dm_buf *b);

/** Answer the checks of mounts from a container's mountinfo. */
void dm_posture_see_mounts(struct dm_posture_side *s,
    const struct dm_posture_mounts *host, struct dm_str mountinfo);

/** Let go what was said of AppArmor and SELinux where the host has none. */
void dm_posture_without_lsm(struct dm_posture_side *s, const char *sysfs);

/** The text of attr/current: AppArmor's profile or SELinux's context. */
void dm_posture_see_attr(struct dm_posture_side *s, struct dm_str text);

/**
 * What an engine's answer to GET /containers/ID/json declares.
 * @registries  known ones, n of them; 0: the check stays open
 * @ret         is cleared first; may lack notes where memory ran out
 */
void dm_docker_posture_read(const json_t *answer, const char *const *registries,
    size_t n, struct dm_posture_side *ret);

/** What looking takes; one for all containers. */
struct dm_posture_looker {
	struct dm_proc_looker proc;
	struct dm_posture_mounts host;
	bool no_memory;	    /* in this look */
	uint64_t host_caps; /* what the host's first process may have */
	struct dm_buf text;
};

int dm_posture_looker_init(struct dm_posture_looker *l, const char *procfs,
    struct dm_err *err) DM_MUST_CHECK;
void dm_posture_looker_release(struct dm_posture_looker *l);
/** Read anew what is the host's. */
int dm_posture_looker_host(
    struct dm_posture_looker *l, struct dm_err *err) DM_MUST_CHECK;

/**
 * Look at a container's first process and its limits.
 * @ret  is cleared first
 * Returns false where there is none yet: a runtime sets it up, or it ends.
 */
bool dm_posture_look(struct dm_posture_looker *l, const struct dm_collect *c,
    const struct dm_container *container, struct dm_posture_side *ret);

/** A container's posture as a whole, for who prints an audit. */
struct dm_posture_report {
	const struct dm_container *container;
	const struct dm_posture_side *declared;	 /* NULL: the engine said
						    nothing of it */
	const struct dm_posture_side *effective; /* NULL: no process was seen */
	unsigned score;
};

#endif
