/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cgroup v1's release_agent, what the kernel executes when a control group is
 * empty: one for each hierarchy. Those that the host has mounted are there from
 * the start. One that comes later was mounted by somebody, and a container that
 * may mount gets out that way: it is looked for in all mount namespaces.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "collect/disks.h"
#include "collect/host-fs.h"
#include "collect/proc-text.h"
#include "collect/witness.h"

/* Of those that came later no more are looked at. */
#define LATER_MAX 32

static const struct dm_witness_place agent = {
    "release_agent", DM_WITNESS_TEXT, DM_WITNESS_SYSFS, NULL};

static uint64_t device_of(int dir, const char *path)
{
	struct statx st;

	if (statx(dir, path, AT_STATX_DONT_SYNC, STATX_INO, &st) < 0)
		return 0;
	return (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor;
}

static int add_mounted(
    struct dm_witnesses *s, const char *name, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf path = {0};
	int root = s->roots[DM_WITNESS_SYSFS];
	char *copy;

	dm_buf_addf(&path, "fs/cgroup/%s/release_agent", name);
	if (faccessat(root, dm_buf_cstr(&path), F_OK, 0) < 0)
		return 0;
	copy = dm_str_dup(dm_buf_str(&path));
	if (!copy)
		return dm_err_nomem(err);
	if (dm_witness_add(s, &agent, copy, err) < 0)
		return -1;
	s->list[s->n - 1].device = device_of(root, copy);
	return 0;
}

int dm_witness_agents_open(struct dm_witnesses *s, struct dm_err *err)
{
	int fd = openat(s->roots[DM_WITNESS_SYSFS], "fs/cgroup",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	struct dm_witness *list;
	int status = 0;

	while (dir && status == 0 && (entry = readdir(dir))) {
		/* "cpu" is a link to "cpu,cpuacct". */
		if (entry->d_name[0] != '.' && entry->d_type != DT_LNK)
			status = add_mounted(s, entry->d_name, err);
	}
	if (dir)
		closedir(dir);
	if (status < 0)
		return -1;
	/* Others lend from the list: from now on it stays where it is. */
	list = reallocarray(s->list, s->n + LATER_MAX, sizeof(*list));
	if (!list)
		return dm_err_nomem(err);
	s->list = list;
	s->n_first = s->n;
	s->cap = s->n + LATER_MAX;
	return 0;
}

static bool is_there(const struct dm_witnesses *s, const struct dm_witness *w)
{
	int fd = dm_witness_open(s, w, O_PATH);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Are there hierarchies that no agent is known of? */
static bool lacks_some(const struct dm_witnesses *s)
{
	size_t hierarchies = 0, agents = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct dm_witness *w = &s->list[i];
		struct dm_str rest = dm_buf_str(&w->now);
		struct dm_entry entry;

		while (w->is.kind == DM_WITNESS_HIERARCHIES &&
		       dm_entry_next(&rest, &entry))
			hierarchies++;
		agents += w->device && is_there(s, w);
	}
	return hierarchies > agents;
}

static struct dm_witness *agent_on(
    const struct dm_witnesses *s, uint64_t device)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->list[i].device == device)
			return &s->list[i];
	}
	return NULL;
}

/* A place for another; NULL: there is none. */
static struct dm_witness *make_room(struct dm_witnesses *s)
{
	if (s->n < s->cap)
		return &s->list[s->n++];
	for (size_t i = s->n_first; i < s->n; i++) {
		struct dm_witness *w = &s->list[i];

		if (is_there(s, w))
			continue;
		if (w->wd >= 0)
			(void)inotify_rm_watch(s->inotify, w->wd);
		dm_buf_release(&w->now);
		free(w->path);
		return w;
	}
	return NULL;
}

/* A hierarchy begins without an agent. */
static int take_agent(struct dm_witnesses *s, uint64_t device, pid_t pid,
    struct dm_str folder, struct dm_err *err)
{
	struct dm_witness *w = agent_on(s, device);
	DM_AUTO_BUF struct dm_buf path = {0};
	size_t root_n;
	char *copy;

	if (w && (w < &s->list[s->n_first] || is_there(s, w)))
		return 0;
	dm_buf_addf(&path, "%d/root", pid);
	root_n = path.n;
	dm_mount_decode(&path, folder);
	dm_buf_add_cstr(&path, "/release_agent");
	copy = path.failed ? NULL : dm_str_dup(dm_buf_str(&path));
	if (!copy)
		return dm_err_nomem(err);
	if (w) { /* the process that it was seen by has ended */
		free(w->path);
	} else if ((w = make_room(s))) {
		*w = (struct dm_witness){.is = agent,
		    .known = true,
		    .first = dm_hash("", 0),
		    .device = device,
		    .wd = -1,
		    .file.fd = -1};
		w->is.root = DM_WITNESS_PROCFS;
	} else {
		free(copy);
		return 0;
	}
	w->path = copy;
	w->is.path = copy;
	w->root_n = root_n;
	w->dirty = true;
	(void)dm_witness_watch(s, w);
	return 0;
}

/* "41 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd": the
 * agent lies in a hierarchy's root only. */
bool dm_witness_agent_mount(
    struct dm_str line, uint64_t *ret_device, struct dm_str *ret_folder)
{
	struct dm_str word, folder = {0};
	bool whole = false;

	for (unsigned i = 0; dm_str_word(&line, &word); i++) {
		if (i == 2 && !dm_device_parse(word, ret_device))
			return false;
		if (i == 3)
			whole = dm_str_is(word, "/");
		if (i == 4)
			folder = word;
		if (i < 6 || !dm_str_is(word, "-"))
			continue;
		*ret_folder = folder;
		return whole && dm_str_word(&line, &word) &&
		       dm_str_is(word, "cgroup");
	}
	return false;
}

static int look_through(struct dm_witnesses *s, pid_t pid, struct dm_err *err)
{
	struct dm_reread file = {.fd = -1};
	struct dm_str rest, line, folder;
	char path[32];
	uint64_t device;
	int status = 0;

	snprintf(path, sizeof(path), "%d/mountinfo", pid);
	if (dm_reread(&file, s->roots[DM_WITNESS_PROCFS], path, &s->mounts) !=
	    0)
		return 0;
	dm_reread_close(&file);
	rest = dm_buf_str(&s->mounts);
	while (status == 0 && dm_str_line(&rest, &line)) {
		if (dm_witness_agent_mount(line, &device, &folder))
			status = take_agent(s, device, pid, folder, err);
	}
	return status;
}

/* Mount namespaces that have been looked through. */
struct seen {
	uint32_t *list;
	size_t n, cap;
};

static int is_new(
    struct dm_witnesses *s, struct seen *seen, pid_t pid, struct dm_err *err)
{
	char path[32], target[64];
	uint32_t ns;
	ssize_t n;

	snprintf(path, sizeof(path), "%d/ns/mnt", pid);
	n = readlinkat(
	    s->roots[DM_WITNESS_PROCFS], path, target, sizeof(target));
	if (n < 0 ||
	    !dm_proc_ns_parse((struct dm_str){target, (size_t)n}, "mnt", &ns))
		return 0;
	for (size_t i = 0; i < seen->n; i++) {
		if (seen->list[i] == ns)
			return 0;
	}
	if (dm_array_grow(
		&seen->list, seen->n, &seen->cap, sizeof(*seen->list), err) < 0)
		return -1;
	seen->list[seen->n++] = ns;
	return 1;
}

/* As procfs counts; 0: a recording. */
static pid_t own_pid(const struct dm_witnesses *s)
{
	char text[16];
	ssize_t n =
	    readlinkat(s->roots[DM_WITNESS_PROCFS], "self", text, sizeof(text));
	uint64_t pid;

	if (n <= 0 || !dm_str_u64((struct dm_str){text, (size_t)n}, &pid))
		return 0;
	return (pid_t)pid;
}

static int search(
    struct dm_witnesses *s, const struct dm_collect *c, struct dm_err *err)
{
	struct seen seen = {0};
	pid_t own = own_pid(s);
	int status = is_new(s, &seen, own, err);

	if (status > 0)
		status = look_through(s, own, err);
	for (size_t i = 0; i < c->n_containers; i++) {
		const struct dm_container *box = c->containers[i];

		for (size_t k = 0; status >= 0 && k < box->n_pids; k++) {
			status = is_new(s, &seen, box->pids[k], err);
			if (status > 0)
				status = look_through(s, box->pids[k], err);
		}
	}
	free(seen.list);
	return status < 0 ? -1 : 0;
}

int dm_witness_agents_find(struct dm_witnesses *s, const struct dm_collect *c,
    bool turn, struct dm_part *part, struct dm_err *err)
{
	uint64_t hierarchies = 0;

	for (size_t i = 0; i < s->n_first; i++) {
		const struct dm_witness *w = &s->list[i];

		if (w->is.kind == DM_WITNESS_HIERARCHIES)
			hierarchies ^= dm_hash(w->now.p, w->now.n);
	}
	if (hierarchies == s->searched && !turn)
		return 0;
	s->searched = hierarchies;
	if (!lacks_some(s))
		return 0;
	if (search(s, c, err) < 0)
		return -1;
	for (size_t i = s->n_first; i < s->n; i++) {
		if (s->list[i].dirty &&
		    dm_witness_look(s, &s->list[i], part, err) < 0)
			return -1;
	}
	return 0;
}
