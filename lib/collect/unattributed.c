/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/unattributed.h"

#include <unistd.h>

#include "collect/cgroup_parse.h"

static void free_folder(struct dm_folder *f)
{
	if (f->fd >= 0)
		close(f->fd);
	if (f->events_fd >= 0)
		close(f->events_fd);
	free(f->path);
	free(f);
}

void dm_unattributed_release(struct dm_unattributed *u)
{
	while (u->folders) {
		struct dm_folder *f = u->folders;

		u->folders = f->next;
		free_folder(f);
	}
}

static bool read_text(int fd, char *text, size_t bytes, struct dm_str *ret)
{
	ssize_t n = fd < 0 ? -1 : pread(fd, text, bytes, 0);

	if (n < 0)
		return false;
	*ret = (struct dm_str){text, (size_t)n};
	return true;
}

/* False when the folder is gone. */
static bool read_folder(struct dm_folder *f)
{
	static const char *const usage[] = {"usage_usec"};
	static const char *const kills[] = {"oom_kill"};
	struct dm_str text;
	char bytes[1024];
	uint64_t v;

	if (!read_text(f->fd, bytes, sizeof(bytes), &text))
		return false;
	if (f->v2 && dm_cgroup_keyed(text, usage, 1, &v) == 1)
		f->cpu_ns = v * 1000;
	else if (!f->v2 && dm_cgroup_u64(text, &v))
		f->cpu_ns = v;
	if (read_text(f->events_fd, bytes, sizeof(bytes), &text) &&
	    dm_cgroup_keyed(text, kills, 1, &v) == 1)
		f->oom = v;
	return true;
}

/* One without containers stays, since the next is likely to come and go in
 * it, until it is removed itself. */
void dm_unattributed_begin(struct dm_unattributed *u)
{
	struct dm_folder **at = &u->folders;

	while (*at) {
		struct dm_folder *f = *at;

		if (read_folder(f) || f->containers) {
			at = &f->next;
			continue;
		}
		*at = f->next;
		free_folder(f);
	}
}

static struct dm_folder *folder_of(
    struct dm_unattributed *u, struct dm_str path)
{
	for (struct dm_folder *f = u->folders; f; f = f->next) {
		if (dm_str_is(path, f->path))
			return f;
	}
	return NULL;
}

static int new_folder(struct dm_unattributed *u, const struct dm_collect *c,
    const struct dm_container *container, bool v2, struct dm_str path, int fd,
    struct dm_err *err)
{
	struct dm_folder *f = calloc(1, sizeof(*f));

	if (!f || !(f->path = dm_str_dup(path))) {
		free(f);
		close(fd);
		return dm_err_nomem(err);
	}
	f->fd = fd;
	f->v2 = v2;
	f->since = c->sweep;
	f->events_fd = -1;
	if (dm_cgroups_v2(c->cgroups, DM_CONTROLLER_MEMORY))
		f->events_fd = dm_cgroups_open_parent(c->cgroups, container,
		    DM_CONTROLLER_MEMORY, "memory.events", &path, NULL);
	read_folder(f);
	f->cpu0_ns = f->cpu_ns;
	f->oom0 = f->oom;
	f->next = u->folders;
	u->folders = f;
	return 0;
}

int dm_unattributed_join(struct dm_unattributed *u, const struct dm_collect *c,
    const struct dm_container *container, struct dm_share *share,
    struct dm_err *err)
{
	bool v2 = dm_cgroups_v2(c->cgroups, DM_CONTROLLER_CPUACCT);
	struct dm_err ignored;
	struct dm_str path;
	int fd;

	fd =
	    dm_cgroups_open_parent(c->cgroups, container, DM_CONTROLLER_CPUACCT,
		v2 ? "cpu.stat" : "cpuacct.usage", &path, &ignored);
	if (fd < 0)
		return 0;
	share->folder = folder_of(u, path);
	if (share->folder)
		close(fd);
	else if (new_folder(u, c, container, v2, path, fd, err) < 0)
		return -1;
	else
		share->folder = u->folders;
	share->folder->containers++;
	return 0;
}

void dm_unattributed_leave(struct dm_share *share)
{
	if (share->folder)
		share->folder->containers--;
}

static uint64_t growth(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

void dm_unattributed_account(const struct dm_collect *c, struct dm_share *share,
    uint64_t cpu_ns, uint64_t oom)
{
	struct dm_folder *f = share->folder;

	if (!f)
		return;
	/* One that was there when we came brought its past along; one that
	 * came later has used all that it has under our eyes. */
	if (!share->seen && f->since == c->sweep) {
		share->cpu_ns = cpu_ns;
		share->oom = oom;
	}
	share->seen = true;
	f->cpu_known_ns += growth(cpu_ns, share->cpu_ns);
	f->oom_known += growth(oom, share->oom);
	share->cpu_ns = cpu_ns;
	share->oom = oom;
}

/* Containers are read after their folder, and so a little of what they have
 * used is not in its counter yet: the rest is too small by that, at times
 * below 0, but never adds up. */
static void settle(uint64_t total, uint64_t known, uint64_t *rest)
{
	uint64_t now = growth(total, known);

	if (now > *rest)
		*rest = now;
}

void dm_unattributed_rows(struct dm_unattributed *u, struct dm_part *part)
{
	for (struct dm_folder *f = u->folders; f; f = f->next) {
		settle(growth(f->cpu_ns, f->cpu0_ns), f->cpu_known_ns,
		    &f->cpu_rest_ns);
		settle(growth(f->oom, f->oom0), f->oom_known, &f->oom_rest);
		dm_row_begin(part, "host");
		dm_record_label_bytes(&part->text, "cgroup", dm_str(f->path));
		dm_row_metrics(part);
		dm_row_scaled(part, "dmon_unattributed_cpu_seconds_total",
		    (int64_t)f->cpu_rest_ns, 9);
		if (f->events_fd >= 0)
			dm_row_u64(part, "dmon_unattributed_oom_events_total",
			    f->oom_rest);
		dm_row_end(part);
	}
}
