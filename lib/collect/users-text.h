/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_USERS_TEXT_H
#define DM_COLLECT_USERS_TEXT_H

#include <arpa/inet.h>
#include <sys/types.h>

#include "base/str.h"

/*
 * Texts that tell of sessions to values. Pure functions: all that they read
 * may have been written by anybody.
 */

/** Who is logged in on a terminal, by the file utmp. */
struct dm_utmp {
	struct dm_str host; /* lies in the text; any bytes but NUL */
	pid_t pid;	    /* of who wrote it: login, sshd */
};

/**
 * The last entry of a user's process on a terminal ("pts/3"). Format: utmp(5),
 * this machine's.
 */
bool dm_utmp_find(struct dm_str text, const char *line, struct dm_utmp *ret);

/** The target of a descriptor's link: "socket:[4711]". */
bool dm_socket_inode(struct dm_str target, uint64_t *ret);

/**
 * Who is at the other end of the first established connection among sockets.
 * @text    net/tcp or net/tcp6 of procfs
 * @inodes  n of them
 * @ret     the address; one of IPv4 within IPv6 as that of IPv4
 * Format: net/ipv4/tcp_ipv4.c and net/ipv6/tcp_ipv6.c of Linux.
 */
bool dm_tcp_remote(struct dm_str text, const uint64_t *inodes, size_t n,
    char ret[INET6_ADDRSTRLEN]);

/**
 * Does a client's command line enter this container: is one of its words
 * "exec" or "attach", and a later one the container's name, its service in
 * Docker Compose or how its id begins?
 * @cmdline  words that end with NUL
 * @name     may be NULL
 */
bool dm_client_enters(struct dm_str cmdline, const char *name, const char *id);

#endif
