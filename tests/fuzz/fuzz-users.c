/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts that tell of sessions. The first byte chooses the parser. */
#include <stdlib.h>
#include <utmpx.h>

#include "base/mem.h"
#include "collect/users-text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void try_utmp(struct dm_str text)
{
	const char *end = text.p + text.n;
	struct dm_utmp u;

	if (!dm_utmp_find(text, "pts/3", &u))
		return;
	expect(memmem(text.p, text.n, "pts/3", 5) != NULL);
	expect(u.host.p > text.p && u.host.p + u.host.n <= end);
	expect(u.host.n <= sizeof(((struct utmpx *)0)->ut_host));
	expect(memchr(u.host.p, '\0', u.host.n) == NULL);
}

static void try_socket(struct dm_str text)
{
	uint64_t inode;

	if (dm_socket_inode(text, &inode))
		expect(text.n > 9 && text.p[text.n - 1] == ']');
}

static void try_tcp(struct dm_str text)
{
	static const uint64_t inodes[] = {4711, 5};
	char address[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	if (!dm_tcp_remote(text, inodes, 2, address))
		return;
	expect(memchr(address, '\0', sizeof(address)) != NULL);
	expect(inet_pton(AF_INET, address, bytes) == 1 ||
	       inet_pton(AF_INET6, address, bytes) == 1);
}

static void try_client(struct dm_str text)
{
	if (dm_client_enters(text, "x-web-1", "ada1f00dada1f00d"))
		expect(memmem(text.p, text.n, "exec", 4) != NULL ||
		       memmem(text.p, text.n, "attach", 6) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(struct dm_str) = {
	    try_utmp, try_socket, try_tcp, try_client};

	if (size > 1)
		tries[data[0] % DM_COUNT(tries)](
		    (struct dm_str){(const char *)data + 1, size - 1});
	return 0;
}
