/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/users.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "collect/reread.h"

#define ANCESTORS   16
#define SOCKETS	    64
#define UTMP_BYTES  ((size_t)4 << 20)
#define ENTER_TICKS 1000 /* from a client's start to what it has started */

/* Numbers that the audit system keeps of a process, and hands on to its
 * children: whoever it becomes, they stay. */
static uint32_t read_audit(struct dm_users *u, pid_t pid, const char *file)
{
	char name[32];
	uint64_t value;

	snprintf(name, sizeof(name), "%ld/%s", (long)pid, file);
	if (dm_proc_read(&u->looker, u->looker.procfs, name) != 0 ||
	    !dm_str_u64(dm_str_trim(dm_buf_str(&u->looker.text)), &value) ||
	    value > UINT32_MAX)
		return DM_UID_NONE;
	return (uint32_t)value;
}

static struct dm_host_process *parent_of(
    const struct dm_users *u, const struct dm_host_process *p)
{
	return dm_users_find(u, (pid_t)p->parent);
}

static size_t sockets_of(
    const struct dm_users *u, pid_t pid, uint64_t inodes[SOCKETS])
{
	char name[32], target[64];
	const struct dirent *entry;
	size_t n = 0;
	DIR *dir;
	int fd;

	snprintf(name, sizeof(name), "%ld/fd", (long)pid);
	fd = openat(u->looker.procfs, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while (n < SOCKETS && (entry = readdir(dir))) {
		ssize_t got =
		    readlinkat(fd, entry->d_name, target, sizeof(target));

		n += got > 0 &&
		     dm_socket_inode(
			 (struct dm_str){target, (size_t)got}, &inodes[n]);
	}
	closedir(dir);
	return n;
}

/* The other end of a connection of this sshd's. */
static bool find_remote(
    struct dm_users *u, pid_t pid, char ret[INET6_ADDRSTRLEN])
{
	static const char *const files[] = {"tcp", "tcp6"};
	uint64_t inodes[SOCKETS];
	size_t n = sockets_of(u, pid, inodes);
	char name[32];

	for (size_t i = 0; n && i < DM_COUNT(files); i++) {
		snprintf(name, sizeof(name), "%ld/net/%s", (long)pid, files[i]);
		if (dm_proc_read(&u->looker, u->looker.procfs, name) == 0 &&
		    dm_tcp_remote(dm_buf_str(&u->looker.text), inodes, n, ret))
			return true;
	}
	return false;
}

/* Of sshd's processes the uppermost that is connected: the user's own may
 * have connections of his that it forwards. */
static void find_ssh_remote(
    struct dm_users *u, struct dm_host_process *sshd, struct dm_session *s)
{
	char address[INET6_ADDRSTRLEN];

	for (unsigned i = 0;
	     i < ANCESTORS && sshd && dm_gate_of_known(u, sshd) == DM_GATE_SSH;
	     i++) {
		if (find_remote(u, sshd->pid, address))
			memcpy(s->from, address, sizeof(address));
		sshd = parent_of(u, sshd);
	}
}

static bool is_ancestor(
    const struct dm_users *u, const struct dm_host_process *p, pid_t pid)
{
	for (unsigned i = 0; p && i < ANCESTORS; i++) {
		if (p->pid == pid)
			return true;
		p = parent_of(u, p);
	}
	return false;
}

/* utmp tells what is not to be seen without privileges. An entry that was
 * left there by one who has gone is not believed. */
static void ask_utmp(
    struct dm_users *u, const struct dm_host_process *p, struct dm_session *s)
{
	struct dm_buf *text = &u->looker.text;
	struct dm_utmp entry;
	char tty[32];
	int fd = dm_open_in_root(
	    u->rootfs, "var/run/utmp", O_RDONLY | O_NONBLOCK | O_NOCTTY);

	dm_proc_tty_name(s->tty, tty, sizeof(tty));
	if (fd >= 0 && tty[0] && dm_reread_fd(fd, text) == 0 &&
	    text->n <= UTMP_BYTES &&
	    dm_utmp_find(dm_buf_str(text), tty, &entry) &&
	    is_ancestor(u, p, entry.pid)) {
		memcpy(s->from, entry.host.p, entry.host.n);
		s->from[entry.host.n] = '\0';
		if (s->how == DM_SESSION_TTY)
			s->how = DM_SESSION_LOGIN;
	}
	if (fd >= 0)
		close(fd);
}

/* Who stands behind it, the nearest first. */
static void find_how(
    struct dm_users *u, struct dm_host_process *p, struct dm_session *s)
{
	struct dm_host_process *by = parent_of(u, p);

	for (unsigned i = 0; by && i < ANCESTORS; i++) {
		enum dm_gate gate = dm_gate_of_known(u, by);

		if (gate == DM_GATE_SSH) {
			s->how = DM_SESSION_SSH;
			find_ssh_remote(u, by, s);
			return;
		}
		if (gate == DM_GATE_LOGIN)
			s->how = DM_SESSION_LOGIN;
		if (gate == DM_GATE_LOGIN || by->tty)
			return;
		by = parent_of(u, by);
	}
}

/* A process of it: who began it, or any. */
static struct dm_host_process *member(
    const struct dm_users *u, const struct dm_session *s)
{
	struct dm_host_process *p = dm_users_find(u, s->id);

	for (size_t i = 0; !p && i < u->n; i++) {
		if (u->list[i].session == s->id)
			p = &u->list[i];
	}
	return p;
}

static void settle_alone(struct dm_users *u, struct dm_session *s)
{
	struct dm_host_process *p = member(u, s);

	if (!p)
		return;
	s->login = read_audit(u, p->pid, "loginuid");
	s->audit = read_audit(u, p->pid, "sessionid");
	find_how(u, p, s);
	if (!s->from[0])
		ask_utmp(u, p, s);
	if (s->login == DM_UID_NONE && s->how != DM_SESSION_TTY)
		s->login = s->uids[0];
}

/* One that was begun within another, as sudo(8) and script(1) do. */
static void inherit(struct dm_users *u, struct dm_session *s)
{
	const struct dm_host_process *p = member(u, s);
	const struct dm_session *outer = NULL;

	for (unsigned i = 0; p && !outer && i < ANCESTORS; i++) {
		p = parent_of(u, p);
		if (p && p->session != s->id)
			outer = dm_sessions_find(&u->host, (pid_t)p->session);
	}
	if (!outer)
		return;
	if (s->login == DM_UID_NONE)
		s->login = outer->login;
	if (s->login == outer->login && !s->from[0])
		memcpy(s->from, outer->from, sizeof(s->from));
}

void dm_users_settle_host(struct dm_users *u)
{
	bool now = u->scans == 1;

	for (size_t i = 0; i < u->host.n; i++) {
		struct dm_session *s = &u->host.list[i];

		if (s->alive && !s->settled && (now || s->looks > 1))
			settle_alone(u, s);
	}
	for (size_t i = 0; i < u->host.n; i++) {
		struct dm_session *s = &u->host.list[i];

		if (!s->alive || s->settled || (!now && s->looks < 2))
			continue;
		if (s->how == DM_SESSION_TTY)
			inherit(u, s);
		s->settled = true;
	}
}

static bool enters(struct dm_users *u, const struct dm_host_process *p,
    const struct dm_container *container)
{
	char name[32];

	if (dm_gate_of(u, p->pid) != DM_GATE_CLIENT)
		return false;
	snprintf(name, sizeof(name), "%ld/cmdline", (long)p->pid);
	return dm_proc_read(&u->looker, u->looker.procfs, name) == 0 &&
	       dm_client_enters(
		   dm_buf_str(&u->looker.text), container->name, container->id);
}

/* One that has been found for another session waits for that one to end. */
static bool is_taken(const struct dm_sessions *others, pid_t client)
{
	for (size_t i = 0; i < others->n; i++) {
		if (others->list[i].client_pid == client)
			return true;
	}
	return false;
}

/* The one client in one of the host's sessions that was started shortly before
 * and names the container; of two it is not known which. */
static const struct dm_host_process *find_client(struct dm_users *u,
    const struct dm_container *container, const struct dm_sessions *others,
    const struct dm_session *s)
{
	const struct dm_host_process *found = NULL;

	for (size_t i = 0; i < u->n; i++) {
		const struct dm_host_process *p = &u->list[i];

		if (p->start > s->start || s->start - p->start > ENTER_TICKS ||
		    !dm_sessions_find(&u->host, (pid_t)p->session) ||
		    is_taken(others, p->pid) || !enters(u, p, container))
			continue;
		/* docker starts itself again for some of its work. */
		if (found && found->session != p->session)
			return NULL;
		found = p;
	}
	return found;
}

/* What the first process has as well is the engine's. */
static void settle_by_audit(struct dm_users *u,
    const struct dm_container *container, struct dm_session *s)
{
	uint32_t login = read_audit(u, s->id, "loginuid");

	if (!container->base ||
	    login == read_audit(u, container->base->pid, "loginuid"))
		return;
	s->login = login;
	s->audit = read_audit(u, s->id, "sessionid");
}

void dm_users_settle(struct dm_users *u, const struct dm_container *container,
    const struct dm_sessions *others, struct dm_session *s)
{
	const struct dm_session *outer = NULL;
	const struct dm_host_process *client = NULL;

	if (s->how == DM_SESSION_EXEC)
		client = find_client(u, container, others, s);
	if (client)
		outer = dm_sessions_find(&u->host, (pid_t)client->session);
	else if (s->how == DM_SESSION_ATTACH)
		outer = dm_sessions_find(&u->host, s->id);
	if (outer && !outer->settled)
		return;
	s->settled = true;
	if (!outer) {
		settle_by_audit(u, container, s);
		return;
	}
	s->client = outer->id;
	s->client_pid = client ? client->pid : 0;
	s->login = outer->login;
	s->audit = outer->audit;
	memcpy(s->from, outer->from, sizeof(s->from));
}
