/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/neighbour-news.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A message takes the kernel about a kilobyte while it waits. */
#define RECEIVE_BYTES (4 << 20)
#define MESSAGE_BYTES 1024
#define MAC_BYTES     6

#define USABLE                                                                 \
	(NUD_PERMANENT | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE)

struct attribute {
	unsigned type;
	const char *p;
	size_t n;
};

static bool next_attribute(const char **p, size_t *left, struct attribute *ret)
{
	struct nlattr head;
	size_t step;

	if (*left < sizeof(head))
		return false;
	memcpy(&head, *p, sizeof(head));
	if (head.nla_len < sizeof(head) || head.nla_len > *left)
		return false;
	*ret = (struct attribute){head.nla_type & NLA_TYPE_MASK,
	    *p + NLA_HDRLEN, head.nla_len - sizeof(head)};
	step = NLA_ALIGN(head.nla_len);
	*p += step < *left ? step : *left;
	*left -= step < *left ? step : *left;
	return true;
}

static uint64_t mac_of(const char *p)
{
	uint64_t mac = 0;

	for (unsigned i = 0; i < MAC_BYTES; i++)
		mac = mac << 8 | (uint8_t)p[i];
	return mac;
}

/* Multicast, and others that are never asked for a MAC, are NOARP. */
bool dm_neighbour_news_parse(
    const void *p, size_t n, struct dm_neighbour_news *ret)
{
	const size_t fixed = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct ndmsg));
	struct dm_neighbour_news e = {.nsid = -1};
	const char *at = p;
	struct nlmsghdr head;
	struct attribute a;
	struct ndmsg about;
	bool named = false;
	size_t left;

	if (n < fixed)
		return false;
	memcpy(&head, at, sizeof(head));
	memcpy(&about, at + NLMSG_HDRLEN, sizeof(about));
	if (head.nlmsg_len < fixed || head.nlmsg_len > n ||
	    (head.nlmsg_type != RTM_NEWNEIGH &&
		head.nlmsg_type != RTM_DELNEIGH) ||
	    (about.ndm_family != AF_INET && about.ndm_family != AF_INET6) ||
	    about.ndm_state & NUD_NOARP)
		return false;
	e.v6 = about.ndm_family == AF_INET6;
	e.router = about.ndm_flags & NTF_ROUTER;
	e.device = (uint32_t)about.ndm_ifindex;
	at += fixed;
	left = head.nlmsg_len - fixed;
	while (next_attribute(&at, &left, &a)) {
		if (a.type == NDA_DST && a.n == (e.v6 ? 16 : 4)) {
			memcpy(e.ip, a.p, a.n);
			named = true;
		} else if (a.type == NDA_LLADDR && a.n == MAC_BYTES) {
			e.mac = mac_of(a.p);
		}
	}
	e.here = head.nlmsg_type == RTM_NEWNEIGH && about.ndm_state & USABLE &&
		 e.mac;
	*ret = e;
	return named;
}

int dm_neighbour_news_open(struct dm_err *err)
{
	struct sockaddr_nl name = {
	    .nl_family = AF_NETLINK, .nl_groups = RTMGRP_NEIGH};
	const int bytes = RECEIVE_BYTES, on = 1;
	int fd = socket(
	    AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0)
		return dm_err_errno(err, errno, "rtnetlink");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) <
	    0)
		(void)setsockopt(
		    fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (setsockopt(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &on,
		sizeof(on)) == 0 &&
	    bind(fd, (struct sockaddr *)&name, sizeof(name)) == 0)
		return fd;
	dm_err_errno(err, errno, "rtnetlink");
	close(fd);
	return -1;
}

static int32_t nsid_of(struct msghdr *m)
{
	int32_t nsid = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == SOL_NETLINK &&
		    c->cmsg_type == NETLINK_LISTEN_ALL_NSID)
			memcpy(&nsid, CMSG_DATA(c), sizeof(nsid));
	}
	return nsid;
}

int dm_neighbour_news_read(
    int fd, struct dm_neighbour_news *ret, struct dm_err *err)
{
	char text[MESSAGE_BYTES];
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct sockaddr_nl from = {0};
	struct iovec part = {text, sizeof(text)};
	struct msghdr m = {.msg_name = &from,
	    .msg_namelen = sizeof(from),
	    .msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);

	*ret = (struct dm_neighbour_news){.nsid = -1};
	if (n < 0 && errno == EAGAIN)
		return 0;
	ret->lost = n < 0 && errno == ENOBUFS;
	if (n < 0 && errno != EINTR && !ret->lost)
		return dm_err_errno(err, errno, "rtnetlink");
	/* Another process may send as well; the kernel's port is 0. What is of
	 * no use counts for the caller: a container may make any number of
	 * it, forwarding entries of a bridge for one. */
	if (n >= 0 && from.nl_pid == 0 &&
	    dm_neighbour_news_parse(text, (size_t)n, ret))
		ret->nsid = nsid_of(&m);
	return 1;
}

/* A question about a namespace: what rtnl_net_policy has of it. */
struct question {
	struct nlmsghdr head;
	struct rtgenmsg about;
	char pad[3];
	struct nlattr fd_head;
	uint32_t fd;
	struct nlattr id_head;
	int32_t id;
};

/* The kernel has answered when send returns. Returns 0 or an errno. */
static int ask(int s, uint16_t type, int ns, char *answer, size_t *n)
{
	struct question q = {
	    .head = {.nlmsg_len = sizeof(q),
		.nlmsg_type = type,
		.nlmsg_flags =
		    NLM_F_REQUEST | (type == RTM_NEWNSID ? NLM_F_ACK : 0)},
	    .fd_head = {NLA_HDRLEN + sizeof(q.fd), NETNSA_FD},
	    .fd = (uint32_t)ns,
	    .id_head = {NLA_HDRLEN + sizeof(q.id), NETNSA_NSID},
	    .id = NETNSA_NSID_NOT_ASSIGNED, /* any */
	};
	struct nlmsghdr head;
	struct nlmsgerr why;
	ssize_t got;

	/* Who asks what it is does not say what it is to be. */
	if (type == RTM_GETNSID)
		q.head.nlmsg_len = offsetof(struct question, id_head);
	if (send(s, &q, q.head.nlmsg_len, 0) < 0)
		return errno;
	got = recv(s, answer, *n, MSG_DONTWAIT);
	if (got < 0)
		return errno;
	if ((size_t)got < sizeof(head))
		return EBADMSG;
	*n = (size_t)got;
	memcpy(&head, answer, sizeof(head));
	if (head.nlmsg_type != NLMSG_ERROR)
		return 0;
	if (*n < NLMSG_HDRLEN + sizeof(why))
		return EBADMSG;
	memcpy(&why, answer + NLMSG_HDRLEN, sizeof(why));
	return -why.error;
}

/* NETNSA_NSID_NOT_ASSIGNED where it has none. */
static int look_up(int s, int ns, int32_t *ret)
{
	const size_t fixed =
	    NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct rtgenmsg));
	char answer[MESSAGE_BYTES];
	size_t n = sizeof(answer);
	int error = ask(s, RTM_GETNSID, ns, answer, &n);
	const char *at = answer + fixed;
	struct attribute a;

	if (error || n < fixed)
		return error ? error : EBADMSG;
	n -= fixed;
	while (next_attribute(&at, &n, &a)) {
		if (a.type != NETNSA_NSID || a.n != sizeof(*ret))
			continue;
		memcpy(ret, a.p, sizeof(*ret));
		return 0;
	}
	return EBADMSG;
}

int dm_nsid_get(int ns, int32_t *ret)
{
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	char answer[MESSAGE_BYTES];
	size_t n = sizeof(answer);
	int32_t id = NETNSA_NSID_NOT_ASSIGNED;
	int error;

	if (s < 0)
		return errno;
	error = look_up(s, ns, &id);
	if (!error && id == NETNSA_NSID_NOT_ASSIGNED) {
		error = ask(s, RTM_NEWNSID, ns, answer, &n);
		/* Somebody else may have been quicker. */
		if (!error || error == EEXIST)
			error = look_up(s, ns, &id);
	}
	close(s);
	if (!error && id < 0)
		error = ENOENT;
	if (!error)
		*ret = id;
	return error;
}
