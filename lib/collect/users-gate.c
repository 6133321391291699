/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/users.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "collect/reread.h"

static const struct {
	const char *path; /* below the root */
	enum dm_gate gate;
} places[] = {
    {"usr/sbin/sshd", DM_GATE_SSH},
    {"usr/local/sbin/sshd", DM_GATE_SSH},
    {"usr/lib/openssh/sshd-session", DM_GATE_SSH},
    {"usr/lib/openssh/sshd-auth", DM_GATE_SSH},
    {"usr/libexec/openssh/sshd-session", DM_GATE_SSH},
    {"usr/libexec/openssh/sshd-auth", DM_GATE_SSH},
    {"usr/lib/ssh/sshd-session", DM_GATE_SSH},
    {"usr/lib/ssh/sshd-auth", DM_GATE_SSH},
    {"usr/sbin/dropbear", DM_GATE_SSH},
    {"bin/login", DM_GATE_LOGIN},
    {"usr/bin/login", DM_GATE_LOGIN},
    {"sbin/agetty", DM_GATE_LOGIN},
    {"usr/sbin/agetty", DM_GATE_LOGIN},
    {"sbin/getty", DM_GATE_LOGIN},
    {"usr/bin/docker", DM_GATE_CLIENT},
    {"usr/local/bin/docker", DM_GATE_CLIENT},
    {"usr/bin/podman", DM_GATE_CLIENT},
    {"usr/bin/nerdctl", DM_GATE_CLIENT},
    {"usr/local/bin/nerdctl", DM_GATE_CLIENT},
    {"usr/bin/ctr", DM_GATE_CLIENT},
    {"usr/bin/crictl", DM_GATE_CLIENT},
    {"usr/local/bin/crictl", DM_GATE_CLIENT},
};

_Static_assert(DM_COUNT(places) <= DM_GATES_MAX, "more gates than room");

static uint64_t device(const struct statx *st)
{
	return (uint64_t)st->stx_dev_major << 32 | st->stx_dev_minor;
}

void dm_gates_refresh(struct dm_users *u)
{
	u->n_gates = 0;
	for (size_t i = 0; i < DM_COUNT(places); i++) {
		int fd = dm_open_in_root(u->rootfs, places[i].path, O_PATH);
		struct statx st;

		if (fd < 0)
			continue;
		if (statx(fd, "", AT_EMPTY_PATH, STATX_INO, &st) == 0) {
			u->gates[u->n_gates].dev = device(&st);
			u->gates[u->n_gates].inode = st.stx_ino;
			u->gates[u->n_gates++].gate = places[i].gate;
		}
		close(fd);
	}
}

/* In a recording a link's text is all there is. */
static enum dm_gate by_text(const struct dm_users *u, const char *link)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(u->looker.procfs, link, target, sizeof(target));

	for (size_t i = 0; n > 1 && i < DM_COUNT(places); i++) {
		if (dm_str_is((struct dm_str){target + 1, (size_t)n - 1},
			places[i].path))
			return places[i].gate;
	}
	return n > 0 ? DM_GATE_NONE : DM_GATE_UNKNOWN;
}

enum dm_gate dm_gate_of(const struct dm_users *u, pid_t pid)
{
	char link[32];
	struct statx st;

	snprintf(link, sizeof(link), "%ld/exe", (long)pid);
	if (!u->looker.live)
		return by_text(u, link);
	if (!dm_proc_statx(u->looker.procfs, link, STATX_INO, &st))
		return errno == ENOENT ? DM_GATE_NONE : DM_GATE_UNKNOWN;
	for (size_t i = 0; i < u->n_gates; i++) {
		if (u->gates[i].inode == st.stx_ino &&
		    u->gates[i].dev == device(&st))
			return u->gates[i].gate;
	}
	return DM_GATE_NONE;
}

enum dm_gate dm_gate_of_known(
    const struct dm_users *u, struct dm_host_process *p)
{
	if (!p->gate_known)
		p->gate = dm_gate_of(u, p->pid);
	p->gate_known = true;
	return p->gate;
}
