/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/host-fs.h"
#include "collect/host-text.h"
#include "collect/reread.h"

/* Limits and the number of processes change slowly. */
#define SLOW_US (10 * DM_US_PER_S)
/* A file system can be filled in seconds. */
#define FILESYSTEMS_US (2 * DM_US_PER_S)

static const struct file {
	const char *path;
	void (*add)(struct dm_part *part, struct dm_str text);
} files[] = {
    {"loadavg", dm_host_add_loadavg},
    {"meminfo", dm_host_add_meminfo},
    {"vmstat", dm_host_add_vmstat},
    {"diskstats", dm_host_add_diskstats},
    {"net/dev", dm_host_add_net_dev},
    {"net/sockstat", dm_host_add_sockstat},
    {"net/sockstat6", dm_host_add_sockstat},
    {"sys/fs/file-nr", dm_host_add_file_nr},
    {"sys/net/netfilter/nf_conntrack_count", dm_host_add_conntrack},
    {"pressure/cpu", dm_host_add_cpu_pressure},
    {"pressure/io", dm_host_add_io_pressure},
    {"pressure/memory", dm_host_add_memory_pressure},
};

/* Files of one number, read slowly. */
static const struct {
	const char *path, *name;
} limits[] = {
    {"sys/net/netfilter/nf_conntrack_max", "node_nf_conntrack_entries_limit"},
    {"sys/kernel/pid_max", "node_processes_max_processes"},
    {"sys/kernel/threads-max", "node_processes_max_threads"},
};

struct state {
	int procfs;
	struct dm_reread stat, files[DM_COUNT(files)];
	struct dm_buf text;
	struct dm_host_cpus cpus;
	int64_t slow_us, filesystems_us; /* when last read; 0: never */
	struct dm_filesystems filesystems;
	struct dm_metrics slow;
};

static void close_host(void *state)
{
	struct state *s = state;

	dm_reread_close(&s->stat);
	for (unsigned i = 0; i < DM_COUNT(files); i++)
		dm_reread_close(&s->files[i]);
	if (s->procfs >= 0)
		close(s->procfs);
	dm_buf_release(&s->text);
	dm_host_cpus_release(&s->cpus);
	dm_filesystems_release(&s->filesystems);
	dm_buf_release(&s->slow.text);
	free(s);
}

static int open_host(
    struct dm_collect *c, unsigned index, void **ret_state, struct dm_err *err)
{
	const char *procfs = c->options.procfs;
	struct state *s = calloc(1, sizeof(*s));

	(void)index;
	if (!s)
		return dm_err_nomem(err);
	s->stat.fd = -1;
	for (unsigned i = 0; i < DM_COUNT(files); i++)
		s->files[i].fd = -1;
	s->procfs = open(procfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s->procfs < 0) {
		dm_err_errno(err, errno, "open");
		dm_err_file(err, procfs);
		close_host(s);
		return -1;
	}
	*ret_state = s;
	return 0;
}

static bool is_pid(const char *name)
{
	uint64_t pid;

	return dm_str_u64(dm_str(name), &pid);
}

static int count_processes(
    const struct dm_collect *c, struct dm_metrics *m, struct dm_err *err)
{
	DIR *dir = opendir(c->options.procfs);
	const struct dirent *entry;
	uint64_t n = 0;

	if (!dir) {
		dm_err_errno(err, errno, "opendir");
		return dm_err_file(err, c->options.procfs);
	}
	while ((entry = readdir(dir)))
		n += is_pid(entry->d_name);
	closedir(dir);
	dm_metrics_u64(m, "node_processes_pids", n);
	return 0;
}

/* The host's own list of mounts; where PID 1 is out of reach, ours. */
static int look_at_filesystems(
    struct state *s, const struct dm_collect *c, struct dm_err *err)
{
	static const char *const lists[] = {"1/mounts", "self/mounts"};

	for (unsigned i = 0; i < DM_COUNT(lists); i++) {
		struct dm_reread mounts = {.fd = -1};
		int error = dm_reread(&mounts, s->procfs, lists[i], &s->text);

		dm_reread_close(&mounts);
		if (error == ENOMEM)
			return dm_err_nomem(err);
		if (error == 0 && s->text.n)
			return dm_filesystems_look(&s->filesystems,
			    dm_buf_str(&s->text), c->options.rootfs, err);
	}
	return 0;
}

static int read_slow(
    struct state *s, const struct dm_collect *c, struct dm_err *err)
{
	dm_buf_clear(&s->slow.text);
	s->slow.n = 0;
	for (unsigned i = 0; i < DM_COUNT(limits); i++) {
		struct dm_reread file = {.fd = -1};
		int error =
		    dm_reread(&file, s->procfs, limits[i].path, &s->text);
		uint64_t value;

		if (error == 0 &&
		    dm_str_u64(dm_str_trim(dm_buf_str(&s->text)), &value))
			dm_metrics_u64(&s->slow, limits[i].name, value);
		dm_reread_close(&file);
	}
	if (count_processes(c, &s->slow, err) < 0)
		return -1;
	s->slow_us = c->ts_us;
	return dm_buf_ok(&s->slow.text, err);
}

/* "0.52 0.58 0.59 1/467 12345": the 467 are all threads there are. */
static void add_threads(struct dm_part *part, struct dm_str loadavg)
{
	struct dm_str word = {0}, running;
	uint64_t threads;

	for (unsigned i = 0; i < 4; i++) {
		if (!dm_str_word(&loadavg, &word))
			return;
	}
	if (dm_str_cut(&word, '/', &running) && word.p &&
	    dm_str_u64(word, &threads))
		dm_metrics_u64(&part->main, "node_processes_threads", threads);
}

static int read_stat(struct state *s, struct dm_part *part,
    const struct dm_collect *c, struct dm_err *err)
{
	int error = dm_reread(&s->stat, s->procfs, "stat", &s->text);

	if (error) {
		dm_err_errno(err, error, "stat");
		return dm_err_file(err, c->options.procfs);
	}
	dm_host_add_stat(&s->cpus, part, dm_buf_str(&s->text));
	return 0;
}

static bool is_due(int64_t last_us, int64_t now_us, int64_t period_us)
{
	return last_us == 0 || now_us < last_us ||
	       now_us - last_us >= period_us;
}

static int sample(
    struct dm_collect *c, unsigned index, void *state, struct dm_err *err)
{
	struct dm_part *part = &c->host[index];
	struct state *s = state;
	bool slow = is_due(s->slow_us, c->ts_us, SLOW_US);

	dm_part_clear(part);
	if (read_stat(s, part, c, err) < 0)
		return -1;
	for (unsigned i = 0; i < DM_COUNT(files); i++) {
		/* Not there, or not switched on: look now and then. */
		if (s->files[i].error && !slow)
			continue;
		if (dm_reread(
			&s->files[i], s->procfs, files[i].path, &s->text) != 0)
			continue;
		files[i].add(part, dm_buf_str(&s->text));
		if (i == 0)
			add_threads(part, dm_buf_str(&s->text));
	}
	if (slow && read_slow(s, c, err) < 0)
		return -1;
	if (is_due(s->filesystems_us, c->ts_us, FILESYSTEMS_US)) {
		if (look_at_filesystems(s, c, err) < 0)
			return -1;
		s->filesystems_us = c->ts_us;
	}
	dm_record_metric_text(&part->main.text, dm_buf_str(&s->slow.text));
	part->main.n += s->slow.n;
	dm_metrics_scaled(&part->main, "node_time_seconds", c->ts_us, 6);
	dm_filesystems_rows(&s->filesystems, part);
	return 0;
}

const struct dm_source dm_source_host = {
    .name = "host",
    .help = "the host's CPU, load, memory, disks, file systems and network",
    .needs = "PROCFS/stat",
    .open = open_host,
    .sample = sample,
    .close = close_host,
};
