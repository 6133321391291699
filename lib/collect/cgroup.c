/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/source.h"

#include <sys/resource.h>
#include <unistd.h>

#include "collect/cgroup_metrics.h"
#include "collect/device.h"
#include "collect/hugetlb.h"
#include "collect/started.h"
#include "collect/unattributed.h"

#define FILES_MAX  64
#define TEXT_BYTES 16384

/* The text of a file that changes slowly as last read, where descriptors are
 * too few. */
#define SLOW_BYTES  23
#define SLOW_SWEEPS 10

/* Of a file: no descriptor is kept, or there is no such file. */
#define FD_NONE	  (-1)
#define FD_ABSENT (-2)

struct state {
	unsigned files[FILES_MAX]; /* which of dm_cgroup_files */
	unsigned n_files, n_slow;
	struct dm_hugetlb hugetlb;
	struct dm_devices devices;
	struct dm_unattributed unattributed;
	int64_t boot_us;
	size_t fds_most, fds; /* that may be kept open, and are */
	int fds_highest;      /* the number of one that is kept */
	size_t fds_each;      /* so many for each container */
	unsigned serial;
	char text[TEXT_BYTES];
};

struct slow {
	char text[SLOW_BYTES];
	unsigned char n; /* 0: not known */
};

struct cgroup {
	struct dm_share share;
	int64_t started_us;  /* 0: not known */
	uint64_t look_again; /* for files that were absent */
	unsigned serial;
	struct slow *slow; /* made when needed */
	int fds[];
};

static unsigned n_slots(const struct state *s)
{
	return s->n_files + s->hugetlb.n;
}

/* 3 of 4 are ours; others need some too. */
static void share_descriptors(struct state *s)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (limit.rlim_cur > 1000000)
		limit.rlim_cur = 1000000;
	s->fds_most = limit.rlim_cur * 3 / 4;
	s->fds_highest = dm_cgroups_highest_fd();
}

static int open_source(
    struct dm_collect *c, unsigned index, void **ret_state, struct dm_err *err)
{
	struct state *s = calloc(1, sizeof(*s));

	(void)index;
	if (!s)
		return dm_err_nomem(err);
	share_descriptors(s);
	s->boot_us = dm_started_boot_us(c->options.procfs);
	*ret_state = s;
	return 0;
}

/* Which files there are depends on what is mounted. */
static void choose_files(struct state *s, const struct dm_collect *c)
{
	for (unsigned i = 0; i < dm_cgroup_n_files; i++) {
		const struct dm_cgroup_file *f = &dm_cgroup_files[i];

		if (f->v2 != dm_cgroups_v2(c->cgroups, f->controller))
			continue;
		s->files[s->n_files++] = i;
		s->n_slow += f->slow;
	}
	dm_hugetlb_init(&s->hugetlb, c->options.sysfs,
	    dm_cgroups_v2(c->cgroups, DM_CONTROLLER_HUGETLB));
}

static int new_cgroup(struct state *s, const struct dm_collect *c,
    struct dm_container *container, unsigned index, struct dm_err *err)
{
	unsigned n = n_slots(s);
	struct cgroup *g = calloc(1, sizeof(*g) + n * sizeof(g->fds[0]));

	if (!g)
		return dm_err_nomem(err);
	for (unsigned i = 0; i < n; i++)
		g->fds[i] = FD_NONE;
	g->serial = s->serial++;
	container->state[index] = g;
	return dm_unattributed_join(
	    &s->unattributed, c, container, &g->share, err);
}

static int sample(
    struct dm_collect *c, unsigned index, void *state, struct dm_err *err)
{
	struct state *s = state;

	if (!c->cgroups)
		return dm_err_set(err, DM_ENODATA, "no cgroups are mounted");
	if (s->n_files == 0)
		choose_files(s, c);
	s->fds_each = s->fds_most / (c->n_containers + 1);
	dm_unattributed_begin(&s->unattributed);
	for (size_t i = 0; i < c->n_containers; i++) {
		struct dm_container *container = c->containers[i];

		if (!container->state[index] &&
		    new_cgroup(s, c, container, index, err) < 0)
			return -1;
	}
	return 0;
}

/* Descriptors go to what changes first; to the slow only if all can have
 * theirs. */
static bool may_keep(const struct state *s, bool slow)
{
	return s->fds < s->fds_most && (!slow || s->fds_each >= n_slots(s));
}

static ssize_t read_kept(struct state *s, int *fd)
{
	ssize_t n = pread(*fd, s->text, sizeof(s->text), 0);

	if (n < 0) {
		close(*fd);
		*fd = FD_NONE;
		s->fds--;
	}
	return n;
}

static int open_one(const struct dm_collect *c,
    const struct dm_container *container, enum dm_controller controller,
    const char *name, const char *other, struct dm_err *err)
{
	int fd = dm_cgroups_open(c->cgroups, container, controller, name, err);

	if (fd < 0 && other && err->code == DM_ENODATA)
		fd = dm_cgroups_open(
		    c->cgroups, container, controller, other, err);
	return fd;
}

/* What cannot be read, such as pressure that is switched off, is as good as
 * absent. */
static ssize_t read_new(struct state *s, int fd, int *keep, bool slow)
{
	ssize_t n = pread(fd, s->text, sizeof(s->text), 0);

	*keep = n < 0 ? FD_ABSENT : FD_NONE;
	if (n >= 0 && fd < s->fds_highest && may_keep(s, slow)) {
		*keep = fd;
		s->fds++;
	} else {
		close(fd);
	}
	return n;
}

/* Where a file is not read in every sweep, what it said last. */
static bool remembered(struct cgroup *g, unsigned slot, bool slow,
    const struct dm_collect *c, struct dm_str *ret)
{
	if (!slow || !g->slow || g->slow[slot].n == 0 ||
	    (c->sweep + g->serial) % SLOW_SWEEPS == 0)
		return false;
	*ret = (struct dm_str){g->slow[slot].text, g->slow[slot].n};
	return true;
}

static void remember(
    const struct state *s, struct cgroup *g, unsigned slot, struct dm_str text)
{
	if (!g->slow)
		g->slow = calloc(n_slots(s), sizeof(*g->slow));
	if (!g->slow || text.n > SLOW_BYTES)
		return;
	memcpy(g->slow[slot].text, text.p, text.n);
	g->slow[slot].n = (unsigned char)text.n;
}

static bool read_afresh(struct state *s, const struct dm_collect *c,
    struct dm_container *container, struct cgroup *g, unsigned slot,
    const struct dm_cgroup_file *f, struct dm_str *ret, struct dm_err *err)
{
	int fd = open_one(c, container, f->controller, f->name, f->other, err);
	ssize_t n;

	if (fd < 0) {
		if (err->code == DM_ENODATA)
			g->fds[slot] = FD_ABSENT;
		return false;
	}
	n = read_new(s, fd, &g->fds[slot], f->slow);
	if (n < 0)
		return false;
	*ret = (struct dm_str){s->text, (size_t)n};
	if (f->slow && g->fds[slot] < 0)
		remember(s, g, slot, *ret);
	return true;
}

/* What cannot be read has no value. */
static bool read_slot(struct state *s, const struct dm_collect *c,
    struct dm_container *container, struct cgroup *g, unsigned slot,
    const struct dm_cgroup_file *f, struct dm_str *ret, struct dm_err *err)
{
	if (g->fds[slot] == FD_ABSENT)
		return false;
	if (g->fds[slot] >= 0) {
		ssize_t n = read_kept(s, &g->fds[slot]);

		*ret = (struct dm_str){s->text, n < 0 ? 0 : (size_t)n};
		if (n >= 0)
			return true;
	}
	return remembered(g, slot, f->slow, c, ret) ||
	       read_afresh(s, c, container, g, slot, f, ret, err);
}

/* Controllers may be enabled later: ever more seldom, look again. */
static void retry_absent(const struct state *s, const struct dm_collect *c,
    const struct dm_container *container, struct cgroup *g)
{
	uint64_t age = c->sweep - container->first_sweep;

	if (c->sweep < g->look_again)
		return;
	g->look_again = c->sweep + (age < 64 ? age + 1 : 64);
	for (unsigned i = 0; i < n_slots(s); i++) {
		if (g->fds[i] == FD_ABSENT)
			g->fds[i] = FD_NONE;
	}
}

static void add_devices(
    struct state *s, const struct dm_collect *c, struct dm_cgroup_look *look)
{
	for (unsigned i = 0; i < look->n_io; i++) {
		struct dm_cgroup_io *io = &look->io[i];

		if (io->reads || io->writes || io->read_bytes ||
		    io->written_bytes)
			dm_devices_rows(&s->devices, c, look->part, io);
	}
}

static void add_hugetlb(struct state *s, const struct dm_collect *c,
    struct dm_container *container, struct cgroup *g,
    struct dm_cgroup_look *look)
{
	struct dm_err err;

	for (unsigned i = 0; i < s->hugetlb.n; i++) {
		struct dm_cgroup_file f = {
		    .controller = DM_CONTROLLER_HUGETLB,
		    .slow = true,
		    .name = s->hugetlb.sizes[i].file,
		};
		struct dm_str text;

		if (read_slot(
			s, c, container, g, s->n_files + i, &f, &text, &err))
			dm_hugetlb_row(
			    look->part, s->hugetlb.sizes[i].size, text);
	}
}

/* What is so of every container. */
static void add_identity(struct state *s, const struct dm_collect *c,
    const struct dm_container *container, struct cgroup *g,
    struct dm_metrics *m)
{
	if (g->started_us == 0)
		g->started_us = dm_started_us(s->boot_us, c, container);
	if (g->started_us)
		dm_metrics_scaled(
		    m, "container_start_time_seconds", g->started_us, 6);
	dm_metrics_scaled(m, "container_last_seen", c->ts_us, 6);
	dm_metrics_u64(m, "container_processes", container->n_pids);
}

static int sample_container(struct dm_collect *c, unsigned index, void *state,
    struct dm_container *container, struct dm_err *err)
{
	struct state *s = state;
	struct cgroup *g = container->state[index];
	struct dm_cgroup_look look = {.part = &container->parts[index],
	    .usage_bytes = UINT64_MAX,
	    .cpu_ns = UINT64_MAX};
	unsigned n_read = 0;
	struct dm_err why = {0};

	retry_absent(s, c, container, g);
	for (unsigned i = 0; i < s->n_files; i++) {
		const struct dm_cgroup_file *f = &dm_cgroup_files[s->files[i]];
		struct dm_str text;

		if (!read_slot(s, c, container, g, i, f, &text, &why)) {
			if (why.code != DM_OK && why.code != DM_ENODATA)
				*err = why;
			continue;
		}
		f->add(&look, text);
		n_read++;
	}
	if (n_read == 0)
		return err->code ? -1
				 : dm_err_set(err, DM_ENODATA, "has ended");
	add_hugetlb(s, c, container, g, &look);
	add_devices(s, c, &look);
	add_identity(s, c, container, g, &look.part->main);
	if (look.cpu_ns != UINT64_MAX)
		dm_unattributed_account(
		    c, &g->share, look.cpu_ns, look.oom_kills);
	return 0;
}

static int finish(
    struct dm_collect *c, unsigned index, void *state, struct dm_err *err)
{
	struct state *s = state;

	(void)err;
	dm_part_clear(&c->host[index]);
	dm_unattributed_rows(&s->unattributed, &c->host[index]);
	return 0;
}

static void forget(void *state, struct dm_container *container, unsigned index)
{
	struct cgroup *g = container->state[index];
	struct state *s = state;

	if (!g)
		return;
	for (unsigned i = 0; i < n_slots(s); i++) {
		if (g->fds[i] < 0)
			continue;
		close(g->fds[i]);
		s->fds--;
	}
	dm_unattributed_leave(&g->share);
	free(g->slow);
	free(g);
	container->state[index] = NULL;
}

static void close_source(void *state)
{
	struct state *s = state;

	dm_unattributed_release(&s->unattributed);
	dm_devices_release(&s->devices);
	free(s);
}

const struct dm_source dm_source_cgroup = {
    .name = "cgroup",
    .help = "containers' CPU, memory, I/O, tasks, pressure and limits",
    .needs = "cgroup v1 or v2 mounted below SYSFS/fs/cgroup",
    .open = open_source,
    .sample = sample,
    .container = sample_container,
    .finish = finish,
    .forget = forget,
    .close = close_source,
};
