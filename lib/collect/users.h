/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_USERS_H
#define DM_COLLECT_USERS_H

#include "collect/proc.h"
#include "collect/source.h"
#include "collect/users-text.h"

/*
 * The source `users`: who is logged in, on the host and in containers.
 *
 * A session is the kernel's (setsid(2)): its number is the pid of who began
 * it. What containers have is taken from the processes that the source `proc`
 * has just looked at; the host's processes are looked at here, most of them
 * once only.
 */

enum dm_session_how {
	DM_SESSION_TTY,	   /* has a terminal; nothing more is known */
	DM_SESSION_LOGIN,  /* began with login(1) */
	DM_SESSION_SSH,	   /* began with the host's sshd */
	DM_SESSION_EXEC,   /* a runtime started it in a running container */
	DM_SESSION_ATTACH, /* began outside of the container */
};

#define DM_UID_NONE	      UINT32_MAX /* the kernel's (uid_t)-1, too */
#define DM_SESSION_UIDS	      8
#define DM_SESSION_FROM_BYTES 257

struct dm_session {
	pid_t id;
	uint64_t start; /* of its first process, ticks since boot */
	int64_t tty;	/* as in stat; 0: none */
	enum dm_session_how how;
	bool settled;	  /* all below is known, as far as it will be */
	bool told;	  /* that it was opened */
	unsigned looks;	  /* that have seen it */
	bool alive;	  /* in the last look */
	size_t processes; /* likewise */
	/* The users that its processes have been, the first's first. */
	uint32_t uids[DM_SESSION_UIDS];
	unsigned n_uids, n_told;
	uint32_t login; /* who has logged in, or DM_UID_NONE */
	uint32_t audit; /* the audit session, or DM_UID_NONE */
	pid_t client;	/* the session that the host's client is in, or 0 */
	pid_t client_pid;
	char from[DM_SESSION_FROM_BYTES]; /* address or host; "": not known */
};

/** Those of one container, or of the host. {0}: none. */
struct dm_sessions {
	struct dm_session *list;
	size_t n, cap;
};

/** Who may stand behind a session: known by its file, not by its name. */
enum dm_gate {
	DM_GATE_NONE,
	DM_GATE_SSH,
	DM_GATE_LOGIN,
	DM_GATE_CLIENT, /* of an engine */
	DM_GATE_UNKNOWN /* can't be seen */
};

#define DM_GATES_MAX 32

/** A container may make as many as it likes; those that come from outside of it
 * still find room. */
#define DM_SESSIONS_MAX		256
#define DM_SESSIONS_OUTSIDE_MAX 512

/** A process of the host. */
struct dm_host_process {
	pid_t pid;
	ino_t inode; /* of its folder: another one, another process */
	bool gate_known;
	enum dm_gate gate;
	int64_t parent, session, tty;
	uint64_t start; /* 0: it has not been read yet */
	uint32_t uid;
};

struct dm_users {
	struct dm_proc_looker looker;
	int rootfs;
	struct {
		uint64_t dev, inode;
		enum dm_gate gate;
	} gates[DM_GATES_MAX];
	size_t n_gates;
	struct dm_host_process *list; /* in the order of their pids */
	size_t n, cap;
	struct dm_host_process *next; /* while it is made anew */
	size_t n_next, cap_next;
	uint64_t *inside; /* a bit for each pid that is in a container */
	size_t inside_words;
	struct dm_sessions host;
	struct dm_buf id; /* of the container at hand */
	int64_t scanned_us;
	uint64_t scans;
	bool pending; /* a session in a container asks for a scan */
	bool told;    /* that gates can't be seen */
};

/* users-list.c */

void dm_sessions_release(struct dm_sessions *s);
/** A look begins: nothing of them has been seen. */
void dm_sessions_begin(struct dm_sessions *s);
struct dm_session *dm_sessions_find(const struct dm_sessions *s, pid_t id);
/** The session of that number, made if it is not there. NULL where there are
 * max or more, or no memory. */
struct dm_session *dm_sessions_see(struct dm_sessions *s, pid_t id, size_t max);
/** One of its processes is this user's. */
void dm_session_is(struct dm_session *s, uint32_t uid);
/** Forget those that are over. */
void dm_sessions_drop(struct dm_sessions *s);

/* users-host.c */

/** Look at the host's processes. */
int dm_users_scan(struct dm_users *u, const struct dm_collect *c,
    struct dm_err *err) DM_MUST_CHECK;
/** One of them, by the last scan, or NULL. */
struct dm_host_process *dm_users_find(const struct dm_users *u, pid_t pid);

/* users-gate.c */

/** Find the files again. */
void dm_gates_refresh(struct dm_users *u);
enum dm_gate dm_gate_of(const struct dm_users *u, pid_t pid);
/** The same, of one that is asked about in each scan. */
enum dm_gate dm_gate_of_known(
    const struct dm_users *u, struct dm_host_process *p);

/* users-login.c */

/** Fill in what is known of the host's new sessions. */
void dm_users_settle_host(struct dm_users *u);
/** The same, for one in a container. It is not settled when the next scan may
 * tell more.
 * @others  the container's sessions */
void dm_users_settle(struct dm_users *u, const struct dm_container *container,
    const struct dm_sessions *others, struct dm_session *s);

/* users-say.c */

/** Write the sessions, and the events of what has changed.
 * @quiet  what is there has been there before: no events */
void dm_sessions_write(const struct dm_users *u, struct dm_sessions *s,
    bool host, bool quiet, struct dm_part *part);

#endif
