/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/taskstats.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/taskstats.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

/* What waits to be read; an exit takes the kernel more than a kilobyte. */
#define RECEIVE_BYTES (16 << 20)
#define BATCH	      64
#define MESSAGE_BYTES 1024
#define ANSWER_BYTES  8192
#define ANSWER_MS     1000
#define LIST_MAX      65536
#define READS_MAX     1024 /* more than can wait */

/* Of an exit code, as wait(2) has it. */
#define SIGNAL_MASK 0x7f

/* An attribute of that type. @ret  what is in it */
static bool find(struct dm_str text, unsigned type, struct dm_str *ret)
{
	struct nlattr head;

	while (text.n >= NLA_HDRLEN) {
		size_t step;

		memcpy(&head, text.p, sizeof(head));
		if (head.nla_len < NLA_HDRLEN || head.nla_len > text.n)
			return false;
		if ((head.nla_type & NLA_TYPE_MASK) == type) {
			*ret = (struct dm_str){text.p + NLA_HDRLEN,
			    (size_t)head.nla_len - NLA_HDRLEN};
			return true;
		}
		step = NLA_ALIGN(head.nla_len);
		if (step > text.n)
			return false;
		text.p += step;
		text.n -= step;
	}
	return false;
}

/* What a message of that command carries. */
static bool open_message(
    struct dm_str text, unsigned command, struct dm_str *ret)
{
	struct nlmsghdr head;
	struct genlmsghdr generic;

	if (text.n < NLMSG_HDRLEN + GENL_HDRLEN)
		return false;
	memcpy(&head, text.p, sizeof(head));
	memcpy(&generic, text.p + NLMSG_HDRLEN, sizeof(generic));
	if (head.nlmsg_type < NLMSG_MIN_TYPE || generic.cmd != command)
		return false;
	*ret = (struct dm_str){text.p + NLMSG_HDRLEN + GENL_HDRLEN,
	    text.n - NLMSG_HDRLEN - GENL_HDRLEN};
	return true;
}

/* The time that the scheduler counted is exact, the other is that of ticks:
 * what lives for less than one has none. */
static uint64_t cpu_ns(const struct taskstats *s)
{
	uint64_t by_ticks;

	if (__builtin_add_overflow(s->ac_utime, s->ac_stime, &by_ticks) ||
	    __builtin_mul_overflow(by_ticks, 1000, &by_ticks))
		by_ticks = 0;
	return s->cpu_run_virtual_total ? s->cpu_run_virtual_total : by_ticks;
}

static uint64_t bytes_of(uint64_t kilobytes)
{
	return kilobytes > UINT64_MAX / 1024 ? 0 : kilobytes * 1024;
}

bool dm_taskstat_parse(const void *p, size_t n, struct dm_taskstat *ret)
{
	struct dm_str text = {p, n}, task, stats;
	struct taskstats s = {0};

	if (!open_message(text, TASKSTATS_CMD_NEW, &text) ||
	    !find(text, TASKSTATS_TYPE_AGGR_PID, &task) ||
	    !find(task, TASKSTATS_TYPE_STATS, &stats) ||
	    stats.n < offsetof(struct taskstats, cancelled_write_bytes))
		return false;
	/* Kernels before and after this one's headers send less or more. */
	memcpy(&s, stats.p, stats.n < sizeof(s) ? stats.n : sizeof(s));
	if (s.ac_pid == 0 || s.ac_pid > INT32_MAX || s.ac_tgid > INT32_MAX)
		return false;
	*ret = (struct dm_taskstat){
	    .tid = (pid_t)s.ac_pid,
	    .pid = (pid_t)(s.ac_tgid ? s.ac_tgid : s.ac_pid),
	    .uid = s.ac_uid,
	    .signal = s.ac_exitcode & SIGNAL_MASK,
	    .cpu_ns = cpu_ns(&s),
	    .lifetime_us = s.ac_etime,
	    .max_rss_bytes = bytes_of(s.hiwater_rss),
	    .read_bytes = s.read_bytes,
	    .write_bytes = s.write_bytes,
	    .comm_n = (uint8_t)strnlen(s.ac_comm, sizeof(s.ac_comm)),
	};
	memcpy(ret->comm, s.ac_comm, ret->comm_n);
	return true;
}

struct request {
	struct nlmsghdr head;
	struct genlmsghdr generic;
	struct nlattr what;
	char value[256];
};

static int send_request(
    int fd, struct request *r, struct dm_str value, struct dm_err *err)
{
	/* With the zero byte behind it. */
	if (value.n >= sizeof(r->value))
		return dm_err_set(err, DM_ELIMIT, "taskstats: too long");
	memcpy(r->value, value.p, value.n);
	r->what.nla_len = (uint16_t)(NLA_HDRLEN + value.n + 1);
	r->head.nlmsg_len =
	    (uint32_t)(NLMSG_HDRLEN + GENL_HDRLEN + NLA_ALIGN(r->what.nla_len));
	r->generic.version = 1;
	if (send(fd, r, r->head.nlmsg_len, 0) < 0)
		return dm_err_errno(err, errno, "taskstats");
	return 0;
}

/* The answer, or that something was done. Tasks may exit in between. */
static int await_answer(int fd, struct dm_buf *ret, struct dm_err *err)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	struct nlmsgerr said;
	struct nlmsghdr head;

	if (!dm_buf_reserve(ret, ANSWER_BYTES))
		return dm_err_nomem(err);
	while (poll(&pfd, 1, ANSWER_MS) > 0) {
		ssize_t got = recv(fd, ret->p, ANSWER_BYTES, MSG_DONTWAIT);

		if (got < (ssize_t)sizeof(head))
			continue;
		ret->n = (size_t)got;
		memcpy(&head, ret->p, sizeof(head));
		if (head.nlmsg_type == GENL_ID_CTRL)
			return 0;
		if (head.nlmsg_type != NLMSG_ERROR ||
		    ret->n < NLMSG_HDRLEN + sizeof(said))
			continue;
		memcpy(&said, ret->p + NLMSG_HDRLEN, sizeof(said));
		if (said.error == 0)
			return 0;
		return dm_err_errno(err, -said.error, "taskstats");
	}
	return dm_err_set(err, DM_ESYS, "taskstats: no answer");
}

/* Its number, which is given out as families come. */
static int ask_family(int fd, uint16_t *ret, struct dm_err *err)
{
	struct request r = {
	    .head = {.nlmsg_type = GENL_ID_CTRL, .nlmsg_flags = NLM_F_REQUEST},
	    .generic = {.cmd = CTRL_CMD_GETFAMILY},
	    .what = {.nla_type = CTRL_ATTR_FAMILY_NAME}};
	DM_AUTO_BUF struct dm_buf answer = {0};
	struct dm_str text, id;

	if (send_request(fd, &r, DM_STR(TASKSTATS_GENL_NAME), err) < 0)
		return -1;
	if (await_answer(fd, &answer, err) < 0)
		return err && err->code == DM_ENODATA
			   ? dm_err_set(err, DM_ENODATA,
				 "taskstats: the kernel does not have it")
			   : -1;
	if (!open_message(dm_buf_str(&answer), CTRL_CMD_NEWFAMILY, &text) ||
	    !find(text, CTRL_ATTR_FAMILY_ID, &id) || id.n < sizeof(*ret))
		return dm_err_set(err, DM_ESYS, "taskstats: no number");
	memcpy(ret, id.p, sizeof(*ret));
	return 0;
}

static int listen_on(int fd, struct dm_str processors, struct dm_err *err)
{
	struct request r = {.head = {.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
	    .generic = {.cmd = TASKSTATS_CMD_GET},
	    .what = {.nla_type = TASKSTATS_CMD_ATTR_REGISTER_CPUMASK}};
	DM_AUTO_BUF struct dm_buf answer = {0};

	if (ask_family(fd, &r.head.nlmsg_type, err) < 0 ||
	    send_request(fd, &r, processors, err) < 0)
		return -1;
	return await_answer(fd, &answer, err);
}

static int open_socket(struct dm_err *err)
{
	const int bytes = RECEIVE_BYTES;
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_GENERIC);

	if (fd < 0)
		return dm_err_errno(err, errno, "taskstats");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) <
	    0)
		(void)setsockopt(
		    fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	return fd;
}

int dm_taskstats_open(
    struct dm_taskstats *t, const char *sysfs, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf path = {0}, processors = {0};

	*t = (struct dm_taskstats){.fd = -1};
	dm_buf_addf(&path, "%s/devices/system/cpu/possible", sysfs);
	if (dm_buf_ok(&path, err) < 0 ||
	    dm_file_read(dm_buf_cstr(&path), 4096, &processors, err) < 0)
		return -1;
	t->fd = open_socket(err);
	if (t->fd < 0)
		return -1;
	if (listen_on(t->fd, dm_str_trim(dm_buf_str(&processors)), err) == 0)
		return 0;
	dm_taskstats_release(t);
	return -1;
}

void dm_taskstats_release(struct dm_taskstats *t)
{
	if (t->fd >= 0)
		close(t->fd);
	free(t->list);
	*t = (struct dm_taskstats){.fd = -1};
}

static uint32_t dropped(int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t n = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &n) < 0)
		return 0;
	return info[SK_MEMINFO_DROPS];
}

static bool make_room(struct dm_taskstats *t)
{
	size_t cap = t->cap ? t->cap * 2 : BATCH;
	struct dm_taskstat *list;

	if (t->cap - t->n >= BATCH)
		return true;
	list = reallocarray(t->list, cap, sizeof(*list));
	if (!list)
		return false;
	t->list = list;
	t->cap = cap;
	return t->cap - t->n >= BATCH || make_room(t);
}

/* Returns how many were read, 0: there are no more, or -1. */
static int read_batch(struct dm_taskstats *t, struct dm_err *err)
{
	struct mmsghdr heads[BATCH] = {0};
	struct iovec parts[BATCH];
	struct sockaddr_nl from[BATCH];
	char texts[BATCH][MESSAGE_BYTES];
	int got;

	for (unsigned i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){texts[i], MESSAGE_BYTES};
		heads[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
		    .msg_namelen = sizeof(from[i]),
		    .msg_iov = &parts[i],
		    .msg_iovlen = 1};
	}
	got = recvmmsg(t->fd, heads, BATCH, MSG_DONTWAIT, NULL);
	if (got < 0 && errno == ENOBUFS)
		return BATCH;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got < 0)
		return dm_err_errno(err, errno, "taskstats");
	for (int i = 0; i < got; i++) {
		/* Only the kernel's port is 0. */
		if (from[i].nl_pid == 0 &&
		    dm_taskstat_parse(
			texts[i], heads[i].msg_len, &t->list[t->n])) {
			t->n++;
			t->read++;
		}
	}
	return got;
}

int dm_taskstats_gather(
    struct dm_taskstats *t, uint64_t *ret_lost, struct dm_err *err)
{
	uint32_t now;
	int got = BATCH;

	*ret_lost = 0;
	if (t->fd < 0)
		return 0;
	/* Who may send to the socket could keep it full of what is no task. */
	for (unsigned i = 0; i < READS_MAX && got == BATCH && t->n < LIST_MAX;
	     i++) {
		if (!make_room(t))
			return dm_err_nomem(err);
		got = read_batch(t, err);
		if (got < 0)
			return -1;
	}
	now = dropped(t->fd);
	*ret_lost = now - t->dropped;
	t->dropped = now;
	t->lost += *ret_lost;
	return 0;
}

const struct dm_taskstat *dm_taskstats_find(
    const struct dm_taskstats *t, pid_t pid)
{
	for (size_t i = t->n; i > 0; i--) {
		if (t->list[i - 1].tid == pid)
			return &t->list[i - 1];
	}
	return NULL;
}
