/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/discover.h"
#include "collect/emit.h"
#include "collect/kmsg-text.h"
#include "collect/membership.h"

/*
 * What the kernel writes into its log, as it happens: what it says of
 * processes that it killed or kept from something, and of tables that are
 * full.
 */

#define RECORD_BYTES 16384 /* twice what the kernel makes of one */
#define RECORDS_MAX  256   /* before others are heard */
#define TEXT_BYTES   512

struct kmsg {
	const struct dm_collect *c;
	unsigned index;
	int fd;
	struct dm_kmsg_reader reader;
	struct dm_buf target, id, path, proc;
	uint64_t next; /* the number that comes next; 0: not known */
	uint64_t read, lost;
	char record[RECORD_BYTES];
};

static const struct {
	const char *name, *number;
} whats[DM_KMSG_WHATS] = {
    [DM_KMSG_OOM_KILL] = {"oom_kill", NULL},
    [DM_KMSG_SEGFAULT] = {"segfault", NULL},
    [DM_KMSG_APPARMOR] = {"apparmor_denied", NULL},
    [DM_KMSG_SELINUX] = {"selinux_denied", NULL},
    [DM_KMSG_SECCOMP] = {"seccomp_denied", "seccomp_syscall"},
    [DM_KMSG_CONNTRACK] = {"conntrack_full", NULL},
    [DM_KMSG_SYN_FLOOD] = {"syn_flood", "syn_flood_port"},
    [DM_KMSG_FORKS] = {"forks_refused", NULL},
};

/* The container: by the cgroup that the message names, or where its process is
 * now. Its cgroup, in k->id's text; empty: none. */
static struct dm_str container_of(struct kmsg *k, const struct dm_kmsg_event *e,
    const struct dm_container **ret)
{
	struct dm_str path = e->cgroup, cgroup;

	*ret = NULL;
	if (!path.n && e->pid && k->c->cgroups) {
		dm_buf_clear(&k->path);
		dm_buf_clear(&k->proc);
		dm_buf_addf(&k->path, "%s/%ld/cgroup", k->c->options.procfs,
		    (long)e->pid);
		if (k->path.failed ||
		    dm_file_read(dm_buf_cstr(&k->path), 65536, &k->proc, NULL) <
			0 ||
		    !dm_membership_path(dm_buf_str(&k->proc),
			dm_cgroups_v2(k->c->cgroups, DM_CONTROLLER_CPUACCT),
			&path))
			return (struct dm_str){"", 0};
	}
	if (!path.n || !dm_membership_container(path, &k->id, &cgroup))
		return (struct dm_str){"", 0};
	*ret = dm_collect_find(k->c, dm_buf_str(&k->id));
	return cgroup;
}

struct subject {
	const struct dm_container *container; /* NULL: no sweep has it */
	struct dm_str cgroup;		      /* empty: none, it is the host */
};

static void begin(const struct kmsg *k, struct dm_buf *out, int64_t ts_us,
    const struct subject *s, const struct dm_kmsg_event *e)
{
	char pid[16];

	dm_record_begin(out, ts_us, "event");
	if (s->container && s->container->labels.n) {
		dm_record_label_text(out, dm_buf_str(&s->container->labels));
	} else {
		dm_record_label_text(out, dm_buf_str(&k->target));
		if (s->cgroup.n)
			dm_record_label_bytes(out, "id", s->cgroup);
	}
	if (e->pid) {
		snprintf(pid, sizeof(pid), "%ld", (long)e->pid);
		dm_record_label(out, "pid", dm_str(pid));
	}
}

static void add_metric(struct dm_buf *out, const struct subject *s,
    const char *what, const char *more, uint64_t value)
{
	char name[96];

	snprintf(name, sizeof(name), "%s_event_%s%s",
	    s->cgroup.n ? "container" : "node", what, more);
	dm_record_metric_u64(out, name, value);
}

static void tell(struct kmsg *k, struct dm_str text,
    const struct dm_kmsg_event *e, struct dm_buf *out)
{
	int64_t ts_us = dm_time_now_us();
	const char *what = whats[e->what].name;
	struct subject s;

	s.cgroup = container_of(k, e, &s.container);
	if (text.n > TEXT_BYTES)
		text.n = TEXT_BYTES;
	/* Before the event: a rule on the event asks for it. */
	begin(k, out, ts_us, &s, e);
	dm_record_label_bytes(out, "text", text);
	dm_record_metrics(out);
	add_metric(out, &s, "kernel_info", "", 1);
	dm_record_end(out);
	begin(k, out, ts_us, &s, e);
	dm_record_metrics(out);
	add_metric(out, &s, what, "", 1);
	if (e->uid_said)
		add_metric(out, &s, what, "_uid", e->uid);
	if (e->number)
		add_metric(out, &s, whats[e->what].number, "", e->number);
	dm_record_end(out);
}

static void lose(struct kmsg *k, uint64_t n, struct dm_buf *out)
{
	k->lost += n;
	dm_record_begin(out, dm_time_now_us(), "loss");
	dm_record_label_text(out, dm_buf_str(&k->target));
	dm_record_label(out, "source", DM_STR("kmsg"));
	dm_record_metrics(out);
	dm_record_metric_u64(out, "dmon_events_lost", n);
	dm_record_metric_u64(out, "dmon_events_lost_total", k->lost);
	dm_record_end(out);
}

static void take(struct kmsg *k, struct dm_str line, struct dm_buf *out)
{
	struct dm_kmsg_event e;
	struct dm_kmsg m;

	/* Also left out: the lines that tell of a record's device. */
	if (!dm_kmsg_parse(line, &m))
		return;
	if (k->next && m.seq > k->next)
		lose(k, m.seq - k->next, out);
	k->next = m.seq + 1;
	k->read++;
	if (m.kernel && dm_kmsg_read(&k->reader, m.text, &e))
		tell(k, m.text, &e, out);
}

/* The kernel gives one record at a time, a pipe as many as there are. */
static void take_all(struct kmsg *k, size_t n, struct dm_buf *out)
{
	struct dm_str rest = {k->record, n}, line;

	while (dm_str_line(&rest, &line))
		take(k, line, out);
}

static int hear(
    struct dm_collect *c, void *state, struct dm_buf *out, struct dm_err *err)
{
	struct kmsg *k = state;

	(void)c;
	for (unsigned i = 0; i < RECORDS_MAX; i++) {
		ssize_t n = read(k->fd, k->record, sizeof(k->record));

		if (n > 0)
			take_all(k, (size_t)n, out);
		else if (n < 0 && errno == EAGAIN)
			break;
		else if (n == 0)
			return dm_err_set(err, DM_ESYS, "it has ended");
		else if (errno != EPIPE && errno != EINTR)
			return dm_err_errno(err, errno, "read");
		/* EPIPE: some have been overwritten. The next one's number
		 * says how many. */
	}
	return dm_buf_ok(&k->reader.cgroup, err);
}

static int open_log(const struct dm_collect_options *o, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf path = {0};
	int fd;

	dm_buf_addf(&path, "%s/dev/kmsg", o->rootfs);
	if (dm_buf_ok(&path, err) < 0)
		return -1;
	fd = open(dm_buf_cstr(&path), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return dm_err_errno(err, errno, "%s", dm_buf_cstr(&path));
	return fd;
}

/* Where it may be read at all. It tells between sweeps. */
static bool wanted(const struct dm_collect_options *o)
{
	int fd = o->interval_us > 0 ? open_log(o, NULL) : -1;

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void close_kmsg(void *state)
{
	struct kmsg *k = state;

	if (!k)
		return;
	if (k->fd >= 0)
		close(k->fd);
	dm_kmsg_reader_release(&k->reader);
	dm_buf_release(&k->target);
	dm_buf_release(&k->id);
	dm_buf_release(&k->path);
	dm_buf_release(&k->proc);
	free(k);
}

static int open_kmsg(
    struct dm_collect *c, unsigned index, void **ret_state, struct dm_err *err)
{
	struct kmsg *k = calloc(1, sizeof(*k));

	if (!k)
		return dm_err_nomem(err);
	k->c = c;
	k->index = index;
	k->fd = open_log(&c->options, err);
	dm_emit_target(&k->target, c);
	/* What was written before is old. A recorded log is a pipe. */
	if (k->fd < 0 || dm_buf_ok(&k->target, err) < 0 ||
	    (lseek(k->fd, 0, SEEK_END) < 0 && errno != ESPIPE &&
		dm_err_errno(err, errno, "seek") < 0)) {
		close_kmsg(k);
		return -1;
	}
	*ret_state = k;
	return 0;
}

static int descriptor(void *state)
{
	return ((const struct kmsg *)state)->fd;
}

static int sample(
    struct dm_collect *c, unsigned index, void *state, struct dm_err *err)
{
	const struct kmsg *k = state;
	struct dm_part *part = &c->host[index];

	(void)err;
	dm_part_clear(part);
	dm_metrics_u64(&part->main, "dmon_kernel_messages_total", k->read);
	dm_metrics_u64(&part->main, "dmon_kernel_messages_lost_total", k->lost);
	return 0;
}

const struct dm_source dm_source_kmsg = {
    .name = "kmsg",
    .help = "what the kernel killed, denied and ran out of, as it happens",
    .needs = "/dev/kmsg; CAP_SYSLOG where kernel.dmesg_restrict is 1",
    .wanted = wanted,
    .open = open_kmsg,
    .sample = sample,
    .descriptor = descriptor,
    .hear = hear,
    .close = close_kmsg,
};
