/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define FULL_LOOK_US (10 * DM_US_PER_S)
#define FRESH_LOOKS  2
/* Devices are looked for, where the number of descriptors is as it was, in one
 * of so many full looks. */
#define DEVICES_LOOK_TURNS 6
#define TEXT_MAX_BYTES	   ((size_t)8 << 20)

static const char *const ns_names[DM_NS_N] = {
    [DM_NS_PID] = "ns/pid",
    [DM_NS_NET] = "ns/net",
    [DM_NS_MNT] = "ns/mnt",
    [DM_NS_IPC] = "ns/ipc",
    [DM_NS_UTS] = "ns/uts",
    [DM_NS_USER] = "ns/user",
    [DM_NS_CGROUP] = "ns/cgroup",
    [DM_NS_TIME] = "ns/time",
};

static int read_text(
    struct dm_proc_looker *l, int dir, const char *name, bool record)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t got;
	int failed = 0;

	dm_buf_clear(&l->text);
	if (fd < 0)
		return errno;
	do {
		if (!dm_buf_reserve(&l->text, 4096)) {
			failed = ENOMEM;
			break;
		}
		got = read(fd, l->text.p + l->text.n, l->text.cap - l->text.n);
		if (got > 0)
			l->text.n += (size_t)got;
		else if (got < 0 && errno != EINTR)
			failed = errno;
		if (record && got > 0 && l->text.n < l->text.cap)
			break;
	} while (!failed && got != 0 && l->text.n < TEXT_MAX_BYTES);
	close(fd);
	return failed;
}

int dm_proc_read(struct dm_proc_looker *l, int dir, const char *name)
{
	return read_text(l, dir, name, false);
}

int dm_proc_read_record(struct dm_proc_looker *l, int dir, const char *name)
{
	return read_text(l, dir, name, true);
}

/* A process that has ended is no failure; anything else is told once. */
static void note_failure(
    struct dm_proc_looker *l, const struct dm_proc *p, int errnum)
{
	if (errnum == ENOENT || errnum == ESRCH)
		return;
	if (errnum == EMFILE) /* others need more than was left to them */
		l->max_kept = l->kept / 2;
	if (l->err.code != DM_OK)
		return;
	dm_err_errno(&l->err, errnum, "process %ld", (long)p->pid);
}

static void read_caps(pid_t tid, struct dm_proc_view *v)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3, .pid = tid};
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &head, d) < 0)
		return;
	v->caps[DM_CAPS_EFFECTIVE] =
	    (uint64_t)d[1].effective << 32 | d[0].effective;
	v->caps[DM_CAPS_PERMITTED] =
	    (uint64_t)d[1].permitted << 32 | d[0].permitted;
	v->caps[DM_CAPS_INHERITABLE] =
	    (uint64_t)d[1].inheritable << 32 | d[0].inheritable;
	v->caps_seen = true;
}

bool dm_proc_statx(int dir, const char *name, unsigned mask, struct statx *ret)
{
	/* A process chooses where its root, working directory and executable
	 * lie: a filesystem of its own (FUSE) must not be asked, for it may
	 * never answer. */
	return statx(dir, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, mask,
		   ret) == 0;
}

static void read_root(int dir, struct dm_proc_view *v)
{
	struct statx st;

	/* The link's text is always "/". */
	if (!dm_proc_statx(dir, "root", STATX_INO, &st))
		return;
	v->root_dev = (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor;
	v->root_ino = st.stx_ino;
	v->root_seen = true;
}

static void read_ns(int dir, enum dm_ns ns, struct dm_proc_view *v)
{
	char target[64];
	ssize_t n = readlinkat(dir, ns_names[ns], target, sizeof(target));

	if (n > 0 && dm_proc_ns_parse((struct dm_str){target, (size_t)n},
			 ns_names[ns] + 3, &v->ns[ns]))
		v->ns_seen |= (uint8_t)(1u << ns);
}

void dm_proc_view_read(const struct dm_proc_looker *l, int dir, pid_t tid,
    unsigned ns, struct dm_proc_view *ret)
{
	struct stat st;

	memset(ret, 0, sizeof(*ret));
	/* /proc/PID itself belongs to the effective user, whether or not it
	 * may be dumped: task_dump_owner in fs/proc/base.c. */
	if (l->live && fstat(dir, &st) == 0) {
		ret->uid = st.st_uid;
		ret->uid_seen = true;
	}
	if (l->own_pids)
		read_caps(tid, ret);
	for (unsigned i = 0; i < DM_NS_N; i++) {
		if (ns & 1u << i)
			read_ns(dir, i, ret);
	}
	if (!l->live)
		return;
	read_root(dir, ret);
	/* Who has no root any more is ending, and leaves its namespaces one
	 * by one. */
	if (!ret->root_seen)
		ret->ns_seen &= 1u << DM_NS_USER;
}

static bool open_dir(struct dm_proc_looker *l, struct dm_proc *p)
{
	char name[16];

	if (p->dir >= 0)
		return true;
	snprintf(name, sizeof(name), "%ld", (long)p->pid);
	p->dir = openat(l->procfs, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (p->dir >= 0) {
		l->kept++;
		return true;
	}
	/* With hidepid=2 a process of another user is not there at all. */
	if (errno == ENOENT && l->own_pids && kill(p->pid, 0) < 0 &&
	    errno == EPERM) {
		p->hidden = p->failed = true;
		return true;
	}
	if (errno == ENOENT || errno == ESRCH)
		return false;
	note_failure(l, p, errno);
	p->failed = true;
	return true;
}

static void close_dir(struct dm_proc_looker *l, struct dm_proc *p)
{
	if (p->dir < 0)
		return;
	close(p->dir);
	p->dir = -1;
	l->kept--;
}

static void take_stat(struct dm_proc *p, const struct dm_proc_stat *s)
{
	size_t n = s->comm.n < sizeof(p->comm) ? s->comm.n : sizeof(p->comm);

	memcpy(p->comm, s->comm.p, n);
	p->comm_n = (uint8_t)n;
	p->stat = *s;
	p->stat.comm = (struct dm_str){p->comm, n};
}

/* Has it executed another program, or become another? Each exec sets the
 * name and puts the stack elsewhere. */
static bool same_program(
    const struct dm_proc_stat *a, const struct dm_proc_stat *b)
{
	return a->stack == b->stack && dm_str_eq(a->comm, b->comm);
}

static bool due(const struct dm_proc_looker *l, const struct dm_proc *p)
{
	return p->first || p->setup || (l->sweep + p->slot) % l->turns == 0;
}

/* Where stat and capget don't tell, status does. */
static void view_from_status(const struct dm_proc_looker *l, struct dm_proc *p)
{
	const struct dm_proc_status *s = &p->full.status;

	if (!l->live && s->have & DM_STATUS_UID) {
		p->view.uid = s->uid;
		p->view.uid_seen = true;
	}
	if (l->own_pids || (s->have & DM_STATUS_CAPS_ALL) != DM_STATUS_CAPS_ALL)
		return;
	memcpy(p->view.caps, s->caps, sizeof(p->view.caps));
	p->view.caps_seen = true;
}

/* stat comes last: when it can be read, all before was this process's. */
static bool look_short(struct dm_proc_looker *l, struct dm_proc *p,
    struct dm_proc_view *view, struct dm_proc_stat *stat)
{
	int failed;

	dm_proc_view_read(l, p->dir, p->pid, (1u << DM_NS_N) - 1, view);
	failed = dm_proc_read_record(l, p->dir, "stat");
	if (failed == ENOENT || failed == ESRCH)
		return false;
	if (failed || !dm_proc_stat_parse(dm_buf_str(&l->text), stat)) {
		p->failed = true;
		p->hidden = failed == EACCES || failed == EPERM;
		if (!p->hidden)
			note_failure(l, p, failed ? failed : EBADMSG);
		return true;
	}
	if (!p->first && stat->start != p->stat.start)
		return false;
	/* A zombie has left its namespaces, but for that of its user. */
	p->hidden = !(view->ns_seen & 1u << DM_NS_USER);
	return true;
}

static void compare(struct dm_proc_looker *l, struct dm_proc *p,
    struct dm_proc_view *view, const struct dm_proc_stat *stat)
{
	bool changed = p->first || !same_program(&p->stat, stat) ||
		       memcmp(&p->view, view, sizeof(*view)) != 0;
	bool full =
	    changed || p->fresh || due(l, p) || !l->live || !l->own_pids;
	uint64_t turn = l->sweep / l->turns + p->slot;

	/* What hides itself, such as its file, does so right after. */
	if (changed)
		p->fresh = FRESH_LOOKS;
	else if (p->fresh)
		p->fresh--;
	take_stat(p, stat);
	p->view = *view;
	if (full) {
		dm_proc_look_full(l, p);
		view_from_status(l, p);
		p->open.due |=
		    changed || !l->fd_count || turn % DEVICES_LOOK_TURNS == 0;
	}
}

bool dm_proc_look(struct dm_proc_looker *l, struct dm_proc *p)
{
	struct dm_proc_view view;
	struct dm_proc_stat stat;

	p->failed = p->hidden = false;
	if (!open_dir(l, p))
		return false;
	if (!p->failed && !look_short(l, p, &view, &stat))
		return false;
	if (!p->failed) {
		compare(l, p, &view, &stat);
		dm_proc_look_fds(l, p);
		dm_proc_look_threads(l, p);
		p->first = false;
	}
	l->hidden += p->hidden;
	if (l->kept > l->max_kept)
		close_dir(l, p);
	return true;
}

struct dm_proc *dm_proc_new(struct dm_proc_looker *l, pid_t pid)
{
	struct dm_proc *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->pid = pid;
	p->dir = -1;
	p->first = true;
	p->slot = l->next_slot++ % l->turns;
	return p;
}

void dm_proc_free(struct dm_proc_looker *l, struct dm_proc *p)
{
	if (!p)
		return;
	close_dir(l, p);
	free(p->exe);
	free(p->threads);
	free(p);
}

/* Half of what a process may have open; the other sources need some too. */
static size_t descriptors_allowed(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	    limit.rlim_cur == RLIM_INFINITY)
		return 512;
	return (size_t)limit.rlim_cur / 2;
}

/* NSpid lists a task's pids from the procfs's own namespace inwards. One
 * only, and ours: what procfs calls a pid is what we call one. */
static bool pids_are_ours(struct dm_proc_looker *l)
{
	struct dm_str rest, line, pid;
	uint64_t value;

	if (dm_proc_read(l, l->procfs, "self/status") != 0)
		return false;
	rest = dm_buf_str(&l->text);
	while (dm_str_line(&rest, &line)) {
		if (!dm_str_starts(line, "NSpid:"))
			continue;
		line.p += 6;
		line.n -= 6;
		return dm_str_word(&line, &pid) && dm_str_u64(pid, &value) &&
		       value == (uint64_t)getpid() && !dm_str_word(&line, &pid);
	}
	return false;
}

static void read_boot_time(struct dm_proc_looker *l)
{
	struct dm_str rest, line;
	uint64_t at;

	if (dm_proc_read(l, l->procfs, "stat") != 0)
		return;
	rest = dm_buf_str(&l->text);
	while (dm_str_line(&rest, &line)) {
		if (!dm_str_starts(line, "btime "))
			continue;
		line.p += 6;
		line.n -= 6;
		if (dm_str_u64(dm_str_trim(line), &at) && at <= UINT32_MAX)
			l->boot_s = at;
		return;
	}
}

/* A recording has no self: there the machine's first process stands for
 * the host. */
static void read_host(struct dm_proc_looker *l)
{
	static const char *const names[] = {"self", "1"};

	for (size_t i = 0; i < DM_COUNT(names); i++) {
		int dir = openat(
		    l->procfs, names[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (dir < 0)
			continue;
		dm_proc_view_read(l, dir, 0, (1u << DM_NS_N) - 1, &l->host);
		close(dir);
		return;
	}
}

static void read_kind(struct dm_proc_looker *l)
{
	struct statfs fs;
	struct stat st;

	l->live = fstatfs(l->procfs, &fs) == 0 &&
		  fs.f_type == (__typeof__(fs.f_type))PROC_SUPER_MAGIC;
	l->own_pids = l->live && pids_are_ours(l);
	/* Since Linux 6.2; 0 before. */
	l->fd_count = l->live && fstatat(l->procfs, "self/fd", &st, 0) == 0 &&
		      st.st_size > 0;
}

int dm_proc_looker_init(struct dm_proc_looker *l, const char *procfs,
    int64_t interval_us, struct dm_err *err)
{
	int64_t turns = interval_us > 0 ? FULL_LOOK_US / interval_us : 1;

	*l = (struct dm_proc_looker){.max_kept = descriptors_allowed()};
	l->turns = turns > 1 ? (unsigned)turns : 1;
	l->ticks_per_s = (uint64_t)sysconf(_SC_CLK_TCK);
	l->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	l->procfs = open(procfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (l->procfs < 0)
		return dm_err_errno(err, errno, "%s", procfs);
	read_kind(l);
	read_boot_time(l);
	read_host(l);
	return 0;
}

void dm_proc_looker_release(struct dm_proc_looker *l)
{
	if (l->procfs >= 0)
		close(l->procfs);
	dm_buf_release(&l->text);
	dm_proc_users_free(l->users);
}

void dm_proc_looker_sweep(struct dm_proc_looker *l, uint64_t sweep)
{
	struct dm_str seconds, rest;
	uint64_t s;

	l->sweep = sweep;
	l->hidden = 0;
	l->err.code = DM_OK;
	l->threads_last = l->threads;
	l->threads = 0;
	l->fds_last = l->fds;
	l->fds = 0;
	l->now_ticks = 0;
	if (dm_proc_read(l, l->procfs, "uptime") != 0)
		return;
	rest = dm_buf_str(&l->text);
	if (dm_str_cut(&rest, '.', &seconds) && dm_str_u64(seconds, &s))
		l->now_ticks = s * l->ticks_per_s;
}
