/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/connector.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What waits to be read; a fork and an exit take the kernel a kilobyte each.
 * Memory that is used only while it waits. */
#define RECEIVE_BYTES (32 << 20)
#define CPUS_MAX      65536
#define BATCH	      64
#define MESSAGE_BYTES 256
#define ANSWER_MS     1000

/* Of an exit code, as wait(2) has it. */
#define SIGNAL_MASK 0x7f

/* Inodes of the first namespaces. Source: include/linux/proc_ns.h. */
#define FIRST_USER_NS 0xEFFFFFFDU
#define FIRST_PID_NS  0xEFFFFFFCU

static enum dm_process_what what_of(const struct proc_event *p)
{
	switch (p->what) {
	case PROC_EVENT_FORK:
		return DM_PROCESS_FORK;
	case PROC_EVENT_EXEC:
		return DM_PROCESS_EXEC;
	case PROC_EVENT_UID:
		return DM_PROCESS_UID;
	case PROC_EVENT_GID:
		return DM_PROCESS_GID;
	case PROC_EVENT_PTRACE:
		return DM_PROCESS_PTRACE;
	case PROC_EVENT_COMM:
		return DM_PROCESS_COMM;
	case PROC_EVENT_COREDUMP:
		return DM_PROCESS_COREDUMP;
	case PROC_EVENT_EXIT:
		return DM_PROCESS_EXIT;
	default:
		return DM_PROCESS_OTHER;
	}
}

/* All but a fork's details begin with whom it happened to. */
static void take(struct dm_process_event *e, const struct proc_event *p)
{
	pid_t tgid = p->event_data.exec.process_tgid;
	pid_t pid = p->event_data.exec.process_pid;

	e->what = what_of(p);
	if (e->what == DM_PROCESS_FORK) {
		tgid = p->event_data.fork.child_tgid;
		pid = p->event_data.fork.child_pid;
		e->by = p->event_data.fork.parent_tgid;
	} else if (e->what == DM_PROCESS_PTRACE) {
		e->by = p->event_data.ptrace.tracer_tgid;
	} else if (e->what == DM_PROCESS_UID || e->what == DM_PROCESS_GID) {
		e->real = p->event_data.id.r.ruid;
		e->effective = p->event_data.id.e.euid;
	} else if (e->what == DM_PROCESS_EXIT) {
		e->signal = p->event_data.exit.exit_code & SIGNAL_MASK;
	}
	e->pid = tgid;
	e->thread = tgid != pid;
}

bool dm_process_event_parse(
    const void *p, size_t n, struct dm_process_event *ret)
{
	struct nlmsghdr head;
	struct cn_msg message;
	struct proc_event event = {0};
	const char *at = p;
	size_t left;

	if (n < NLMSG_HDRLEN + sizeof(message))
		return false;
	memcpy(&head, at, sizeof(head));
	memcpy(&message, at + NLMSG_HDRLEN, sizeof(message));
	if (head.nlmsg_len > n || head.nlmsg_type != NLMSG_DONE ||
	    message.id.idx != CN_IDX_PROC || message.id.val != CN_VAL_PROC)
		return false;
	left = n - NLMSG_HDRLEN - sizeof(message);
	if (message.len > left ||
	    message.len < offsetof(struct proc_event, event_data))
		return false;
	/* Kernels before and after this one's headers send less or more. */
	memcpy(&event, at + NLMSG_HDRLEN + sizeof(message),
	    message.len < sizeof(event) ? message.len : sizeof(event));
	/* The answer to a listener, of whom there may be others, is counted
	 * too, and so it is one that happened. */
	*ret = (struct dm_process_event){
	    .cpu = event.cpu, .seq = message.seq, .at_ns = event.timestamp_ns};
	take(ret, &event);
	return true;
}

static bool grow(struct dm_event_gaps *g, size_t n)
{
	uint32_t *next = reallocarray(g->next, n, sizeof(*next));
	bool *seen;

	if (!next)
		return false;
	g->next = next;
	seen = reallocarray(g->seen, n, sizeof(*seen));
	if (!seen)
		return false;
	g->seen = seen;
	memset(seen + g->n, 0, (n - g->n) * sizeof(*seen));
	g->n = n;
	return true;
}

uint32_t dm_event_gaps_step(
    struct dm_event_gaps *g, const struct dm_process_event *e)
{
	uint32_t missing;

	if (e->cpu >= CPUS_MAX ||
	    (e->cpu >= g->n && !grow(g, (size_t)e->cpu + 1)))
		return 0;
	missing = g->seen[e->cpu] ? e->seq - g->next[e->cpu] : 0;
	/* Back, not on: it has overtaken, and was counted as missing. */
	if (missing > INT32_MAX)
		return 0;
	g->seen[e->cpu] = true;
	g->next[e->cpu] = e->seq + 1;
	return missing;
}

void dm_event_gaps_release(struct dm_event_gaps *g)
{
	free(g->next);
	free(g->seen);
	*g = (struct dm_event_gaps){0};
}

static bool is_first(const char *procfs, const char *name, ino_t ino)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/self/ns/%s", procfs, name);
	return stat(path, &st) == 0 && st.st_ino == ino;
}

bool dm_connector_allowed(const char *procfs)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	return syscall(SYS_capget, &head, data) == 0 &&
	       data[0].effective & 1U << CAP_NET_ADMIN &&
	       is_first(procfs, "user", FIRST_USER_NS) &&
	       is_first(procfs, "pid", FIRST_PID_NS);
}

static int subscribe(int fd, struct dm_err *err)
{
	const enum proc_cn_mcast_op op = PROC_CN_MCAST_LISTEN;
	const struct cn_msg message = {
	    .id = {CN_IDX_PROC, CN_VAL_PROC}, .len = sizeof(op)};
	char ask[NLMSG_HDRLEN + sizeof(message) + sizeof(op)];
	const struct nlmsghdr head = {
	    .nlmsg_len = sizeof(ask), .nlmsg_type = NLMSG_DONE};

	memcpy(ask, &head, sizeof(head));
	memcpy(ask + NLMSG_HDRLEN, &message, sizeof(message));
	memcpy(ask + NLMSG_HDRLEN + sizeof(message), &op, sizeof(op));
	if (send(fd, ask, sizeof(ask), 0) < 0)
		return dm_err_errno(err, errno, "proc connector");
	return 0;
}

/* The kernel answers a listener whom it accepts with an event of kind none;
 * to others it says nothing at all, or what is wrong. */
static int await_answer(int fd, struct dm_err *err)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	char text[MESSAGE_BYTES];
	struct cn_msg message;
	struct proc_event event;
	const size_t head = NLMSG_HDRLEN + sizeof(message);
	ssize_t n = -1;

	if (poll(&pfd, 1, ANSWER_MS) > 0)
		n = recv(fd, text, sizeof(text), MSG_PEEK);
	if (n < (ssize_t)(head + offsetof(struct proc_event, event_data)))
		return dm_err_set(err, DM_EPERM,
		    "proc connector: no answer (it needs the first user, pid "
		    "and network namespaces)");
	memset(&event, 0, sizeof(event));
	memcpy(&event, text + head,
	    (size_t)n - head < sizeof(event) ? (size_t)n - head
					     : sizeof(event));
	if (event.what == PROC_EVENT_NONE && event.event_data.ack.err)
		return dm_err_errno(
		    err, (int)event.event_data.ack.err, "proc connector");
	return 0;
}

/*
 * Whoever sleeps until something happens is woken for each message, and for
 * most nothing has to be done at once: a fork and an exit are counted. So two
 * listen: one for all, which nobody waits for, and the bell. That hears only
 * of what is looked at at once, and of one in 256 of all, by their numbers, so
 * that what waits does not grow.
 *
 * Both are given a message by the one that sends it, the last one bound first:
 * when the bell rings, the other has it.
 */
#define AT(member)                                                             \
	(NLMSG_HDRLEN + sizeof(struct cn_msg) +                                \
	    offsetof(struct proc_event, member))
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define ANY(bits, yes, no)                                                     \
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, htonl(bits), yes, no)

int dm_connector_filter(int fd)
{
	struct sock_filter code[] = {
	    LOAD(AT(what)),
	    ANY(PROC_EVENT_EXEC | PROC_EVENT_UID | PROC_EVENT_GID |
		    PROC_EVENT_PTRACE | PROC_EVENT_COREDUMP,
		6, 0),
	    ANY(PROC_EVENT_EXIT, 0, 2),
	    LOAD(AT(event_data.exit.exit_code)),
	    ANY(SIGNAL_MASK, 3, 0),
	    LOAD(NLMSG_HDRLEN + offsetof(struct cn_msg, seq)),
	    ANY(0xff, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	    BPF_STMT(BPF_RET | BPF_K, MESSAGE_BYTES),
	};
	const struct sock_fprog filter = {DM_COUNT(code), code};

	return setsockopt(
	    fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter));
}

static int open_socket(bool bell, struct dm_err *err)
{
	struct sockaddr_nl name = {
	    .nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
	const int bytes = RECEIVE_BYTES;
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_CONNECTOR);

	if (fd < 0)
		return dm_err_errno(err, errno, "proc connector");
	if (!bell && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes,
			 sizeof(bytes)) < 0)
		(void)setsockopt(
		    fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if ((!bell || dm_connector_filter(fd) == 0) &&
	    bind(fd, (struct sockaddr *)&name, sizeof(name)) == 0)
		return fd;
	dm_err_errno(err, errno, "proc connector");
	close(fd);
	return -1;
}

int dm_connector_open(struct dm_connector *ret, struct dm_err *err)
{
	struct dm_connector c = {.fd = -1, .bell = open_socket(true, err)};

	if (c.bell >= 0)
		c.fd = open_socket(false, err);
	if (c.fd < 0 || subscribe(c.fd, err) < 0 ||
	    await_answer(c.fd, err) < 0) {
		dm_connector_close(&c);
		return -1;
	}
	*ret = c;
	return 0;
}

void dm_connector_close(struct dm_connector *c)
{
	if (c->fd >= 0)
		close(c->fd);
	if (c->bell >= 0)
		close(c->bell);
	c->fd = c->bell = -1;
}

/* What is left rings on. */
void dm_connector_hush(const struct dm_connector *c)
{
	struct mmsghdr heads[BATCH] = {0};

	(void)recvmmsg(c->bell, heads, BATCH, MSG_DONTWAIT, NULL);
}

int dm_connector_read(const struct dm_connector *c,
    struct dm_process_event *events, size_t cap, size_t *ret_n,
    struct dm_err *err)
{
	struct mmsghdr heads[BATCH] = {0};
	struct iovec parts[BATCH];
	struct sockaddr_nl from[BATCH];
	char texts[BATCH][MESSAGE_BYTES];
	unsigned want = cap < BATCH ? (unsigned)cap : BATCH;
	int got;

	for (unsigned i = 0; i < want; i++) {
		parts[i] = (struct iovec){texts[i], MESSAGE_BYTES};
		heads[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
		    .msg_namelen = sizeof(from[i]),
		    .msg_iov = &parts[i],
		    .msg_iovlen = 1};
	}
	*ret_n = 0;
	got = recvmmsg(c->fd, heads, want, MSG_DONTWAIT, NULL);
	if (got < 0 && errno == ENOBUFS)
		return 1;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got < 0)
		return dm_err_errno(err, errno, "proc connector");
	for (int i = 0; i < got; i++) {
		/* Another process may send to the group; only the kernel's
		 * port is 0. */
		if (from[i].nl_pid == 0 &&
		    dm_process_event_parse(
			texts[i], heads[i].msg_len, &events[*ret_n]))
			++*ret_n;
	}
	return got == (int)want;
}
