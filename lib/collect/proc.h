/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_PROC_H
#define DM_COLLECT_PROC_H

#include <sys/stat.h>

#include "collect/disks.h"
#include "collect/proc-text.h"
#include "collect/source.h"

/*
 * The source `proc`: each process of each container. Every sweep takes a
 * short look at each process (namespaces, root, capabilities, user, stat, how
 * many descriptors) and, when something has changed or its turn has come, a
 * full one (status, executable, working directory, devices that are open).
 */

/** The order of the bits in container_process_namespace_state. */
enum dm_ns {
	DM_NS_PID,
	DM_NS_NET,
	DM_NS_MNT,
	DM_NS_IPC,
	DM_NS_UTS,
	DM_NS_USER,
	DM_NS_CGROUP,
	DM_NS_TIME,
	DM_NS_N
};

/** What a task may do and where it lives: a process's leader, or a thread.
 * Compared as bytes, and so all of it is zeroed first. */
struct dm_proc_view {
	uint32_t ns[DM_NS_N]; /* inode numbers */
	uint8_t ns_seen;      /* a bit for each */
	bool root_seen, caps_seen, uid_seen;
	uint32_t uid; /* effective, on the host */
	uint64_t root_dev, root_ino;
	uint64_t caps[DM_CAPS_INHERITABLE + 1];
};

/** A thread whose view differs from its leader's. */
struct dm_proc_thread {
	pid_t tid;
	struct dm_proc_view view;
};

/** What was seen; a bit for each of the values that can be missing. */
enum {
	DM_SEEN_CWD = 1,
	DM_SEEN_EXE = 2,
	DM_SEEN_UID_INSIDE = 4
};

/** What only a full look tells; all of it is new after each. */
struct dm_proc_full {
	struct dm_proc_status status;
	unsigned seen;
	uint32_t uid_inside;
	bool foreign_cwd, deleted, memfd;
	uint64_t root_mount, exe_mount; /* 0: not known */
};

/** Devices among what a process has open. */
struct dm_proc_devices {
	uint32_t block;
	uint32_t disk;	 /* of these: that the host itself uses */
	uint32_t memory; /* /dev/mem and its like */
};

/** What a process has open. */
struct dm_proc_open {
	bool seen;
	bool due;   /* devices are to be looked for */
	bool again; /* from the beginning, when this round is over */
	uint64_t n;
	uint32_t next; /* the descriptor to go on with */
	struct dm_proc_devices found, shown;
};

struct dm_proc {
	pid_t pid;
	int dir;       /* O_PATH of /proc/PID, or -1: not kept */
	bool first;    /* not looked at before */
	uint8_t fresh; /* so many full looks more: it has just begun */
	bool known;    /* was there, and no runtime's, in an earlier sweep */
	bool hidden;   /* namespaces can't be read */
	bool failed;   /* could not be read in this sweep */
	bool setup;    /* a runtime's process that sets the container up */
	unsigned slot; /* its turn for a full look */
	char comm[64];
	uint8_t comm_n;
	struct dm_proc_stat stat; /* comm points at the one above */
	struct dm_proc_view view;
	struct dm_proc_full full;
	struct dm_proc_open open;
	char *exe; /* or NULL */
	size_t exe_n;
	struct dm_proc_thread *threads; /* those that differ */
	size_t n_threads;
};

/** What a container's first process had when it was first seen. */
struct dm_proc_base {
	bool set, by_engine;
	pid_t pid;
	uint64_t start;
	struct dm_proc_view view;
};

/** What this source keeps of a container. */
struct dm_proc_box {
	struct dm_proc **procs; /* in the order of their pids */
	size_t n;
	struct dm_proc_base base;
};

/** Names of users on the host; see dm_proc_users_refresh. */
struct dm_proc_users;

/** How to look; one for all processes. */
struct dm_proc_looker {
	int procfs;	       /* the folder */
	bool live;	       /* a procfs, not a recording of one */
	bool own_pids;	       /* its pids are ours: capget(2) can be asked */
	bool fd_count;	       /* stat of fd/ tells how many there are */
	size_t kept, max_kept; /* descriptors of processes */
	unsigned turns;	       /* a full look at least each so many sweeps */
	unsigned next_slot;
	uint64_t sweep;
	size_t threads, threads_last; /* seen in this and the last sweep */
	size_t fds, fds_last;	      /* to be looked at, likewise */
	uint64_t now_ticks;	      /* since boot; 0: not known */
	uint64_t boot_s;	      /* 1970 to boot, seconds */
	uint64_t ticks_per_s, page_bytes;
	struct dm_proc_view host; /* the collector's own namespaces */
	struct dm_buf text;	  /* of the file being read */
	struct dm_proc_users *users;
	struct dm_disks *disks; /* lent; NULL: devices are not looked for */
	struct dm_err err;	/* the first failure of this sweep, or DM_OK */
	size_t hidden;		/* processes, in this sweep */
};

/* proc-look.c */

/** Begin with a procfs folder. */
int dm_proc_looker_init(struct dm_proc_looker *l, const char *procfs,
    int64_t interval_us, struct dm_err *err) DM_MUST_CHECK;
void dm_proc_looker_release(struct dm_proc_looker *l);
/** A sweep begins. */
void dm_proc_looker_sweep(struct dm_proc_looker *l, uint64_t sweep);

/** A process not looked at yet; NULL without memory. */
struct dm_proc *dm_proc_new(struct dm_proc_looker *l, pid_t pid);
void dm_proc_free(struct dm_proc_looker *l, struct dm_proc *p);

/**
 * Look at a process. False when it has ended, or when the pid is another
 * process's now. What can't be read is left out, and counted in l.
 */
bool dm_proc_look(struct dm_proc_looker *l, struct dm_proc *p);

/** The view of the task whose folder dir is. The namespaces in `ns` only. */
void dm_proc_view_read(const struct dm_proc_looker *l, int dir, pid_t tid,
    unsigned ns, struct dm_proc_view *ret);

/** A process's root, cwd or exe, itself, without asking its filesystem. */
bool dm_proc_statx(int dir, const char *name, unsigned mask, struct statx *ret);

/** A file of a process as text, in l->text. 0, or an errno. */
int dm_proc_read(struct dm_proc_looker *l, int dir, const char *name);
/** One that is a single record to the kernel, as stat and cgroup are, and
 * comes whole: a system call less. */
int dm_proc_read_record(struct dm_proc_looker *l, int dir, const char *name);

/* proc-full.c */

/** The executable and the working directory. */
void dm_proc_look_program(struct dm_proc_looker *l, struct dm_proc *p);

/**
 * Right after it was executed, and its program looked at: is the executable on
 * a mount that the process can't have reached by its path? One in memory is not
 * asked about, and a process that has left for another mount namespace since
 * keeps what it had. Returns 1, 0, or -1: can't be seen.
 */
int dm_proc_exe_is_foreign(struct dm_proc_looker *l, const struct dm_proc *p);

/** All that is not looked at in each sweep. */
void dm_proc_look_full(struct dm_proc_looker *l, struct dm_proc *p);

/* proc-fds.c */

/** How many descriptors are open, and when they have changed or `due` says so:
 * which devices are among them. */
void dm_proc_look_fds(struct dm_proc_looker *l, struct dm_proc *p);

/** How many of those descriptors that a shell can give a program (0 to 9) are
 * of a disk that the host itself uses. */
unsigned dm_proc_given_disks(struct dm_proc_looker *l, int dir);

/* proc-thread.c */

/** Find the threads that differ from their leader. */
void dm_proc_look_threads(struct dm_proc_looker *l, struct dm_proc *p);

/* proc-base.c */

/** Say which processes are a runtime's, setting the container up. */
void dm_proc_mark_setup(
    const struct dm_proc_looker *l, struct dm_proc_box *box);

/** Choose the first process if there is none, or if it has gone and the
 * container has been started anew. @engine_init  0: not known */
void dm_proc_base_update(struct dm_proc_box *box, pid_t engine_init);

/** 1 plus a bit for each namespace that differs. False when one that the
 * base has could not be seen, or when there is no base. */
bool dm_proc_state(const struct dm_proc_base *base,
    const struct dm_proc_view *view, unsigned *ret);

/** 1 plus a bit for each namespace that is the host's. */
bool dm_proc_host_state(const struct dm_proc_view *host,
    const struct dm_proc_view *view, unsigned *ret);

/** The process of that pid, or NULL. */
struct dm_proc *dm_proc_box_find(const struct dm_proc_box *box, pid_t pid);

/* proc-user.c */

int dm_proc_users_new(const char *rootfs, struct dm_proc_users **ret,
    struct dm_err *err) DM_MUST_CHECK;
void dm_proc_users_free(struct dm_proc_users *u);
/** Read <rootfs>/etc/passwd again if it has changed. Names stay as they
 * were when it can't be read. Returns true when they are new. */
bool dm_proc_users_refresh(struct dm_proc_users *u);
/** False when there is no name. Lent until the next refresh. */
bool dm_proc_users_name(
    const struct dm_proc_users *u, uint32_t uid, struct dm_str *ret);
/** Take users from the text of a passwd file. */
int dm_proc_users_parse(struct dm_proc_users *u, struct dm_str text,
    struct dm_err *err) DM_MUST_CHECK;

/* proc-write.c */

/** Write the container's processes as rows. */
void dm_proc_write(const struct dm_proc_looker *l,
    const struct dm_proc_box *box, struct dm_part *part);

#endif
