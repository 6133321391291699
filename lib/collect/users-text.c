/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/users-text.h"

#include <stddef.h>
#include <utmpx.h>

#include "base/mem.h"

#define ESTABLISHED 1 /* include/net/tcp_states.h */
/* Fewer digits of an id may be a name as well. */
#define ID_DIGITS 4

bool dm_utmp_find(struct dm_str text, const char *line, struct dm_utmp *ret)
{
	bool found = false;
	struct utmpx u;

	for (size_t at = 0; text.n - at >= sizeof(u); at += sizeof(u)) {
		const char *host =
		    text.p + at + offsetof(struct utmpx, ut_host);

		memcpy(&u, text.p + at, sizeof(u));
		if (u.ut_type != USER_PROCESS ||
		    strnlen(u.ut_line, sizeof(u.ut_line)) != strlen(line) ||
		    memcmp(u.ut_line, line, strlen(line)) != 0)
			continue;
		*ret = (struct dm_utmp){
		    {host, strnlen(host, sizeof(u.ut_host))}, u.ut_pid};
		found = true;
	}
	return found;
}

bool dm_socket_inode(struct dm_str target, uint64_t *ret)
{
	static const char before[] = "socket:[";
	const size_t n = sizeof(before) - 1;

	if (!dm_str_starts(target, before) || !dm_str_ends(target, "]"))
		return false;
	return dm_str_u64((struct dm_str){target.p + n, target.n - n - 1}, ret);
}

/* Words of 32 bits, each as it lies in memory. */
static bool take_address(struct dm_str hex, char ret[INET6_ADDRSTRLEN])
{
	static const uint8_t mapped[12] = {[10] = 0xff, 0xff};
	uint32_t words[4];
	uint8_t bytes[sizeof(words)];
	size_t n = hex.n / 8;
	uint64_t word;

	if (hex.n != 8 && hex.n != 32)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!dm_str_hex64((struct dm_str){hex.p + 8 * i, 8}, &word))
			return false;
		words[i] = (uint32_t)word;
	}
	memcpy(bytes, words, n * sizeof(*words));
	if (n == 1)
		return inet_ntop(AF_INET, bytes, ret, INET6_ADDRSTRLEN);
	if (memcmp(bytes, mapped, sizeof(mapped)) == 0)
		return inet_ntop(
		    AF_INET, bytes + sizeof(mapped), ret, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, bytes, ret, INET6_ADDRSTRLEN);
}

static bool is_among(uint64_t inode, const uint64_t *inodes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (inodes[i] == inode)
			return true;
	}
	return false;
}

/* "0: 0100007F:0016 0100007F:D2F0 01 00000000:00000000 02:000A 0 0 0 4711": the
 * remote address is the third, the state the fourth, the inode the tenth. */
bool dm_tcp_remote(struct dm_str text, const uint64_t *inodes, size_t n,
    char ret[INET6_ADDRSTRLEN])
{
	struct dm_str line, words[10], address;
	uint64_t state, inode;

	while (dm_str_line(&text, &line)) {
		size_t k = 0;

		while (k < DM_COUNT(words) && dm_str_word(&line, &words[k]))
			k++;
		if (k < DM_COUNT(words) || !dm_str_hex64(words[3], &state) ||
		    state != ESTABLISHED || !dm_str_u64(words[9], &inode) ||
		    !is_among(inode, inodes, n) ||
		    !dm_str_cut(&words[2], ':', &address))
			continue;
		if (take_address(address, ret))
			return true;
	}
	return false;
}

/* Docker Compose names a container of the service web project-web-1, or, long
 * ago, project_web_1. */
static bool is_service(struct dm_str name, struct dm_str word)
{
	const char *end = name.p + name.n;

	while (end > name.p && end[-1] >= '0' && end[-1] <= '9')
		end--;
	if (end == name.p + name.n || word.n == 0 ||
	    (size_t)(end - name.p) < word.n + 3)
		return false;
	end--;
	return (*end == '-' || *end == '_') &&
	       end[-(ptrdiff_t)word.n - 1] == *end &&
	       memcmp(end - word.n, word.p, word.n) == 0;
}

static bool names(struct dm_str word, const char *name, const char *id)
{
	if (name && (dm_str_is(word, name) || is_service(dm_str(name), word)))
		return true;
	return word.n >= ID_DIGITS && word.n <= strlen(id) &&
	       memcmp(word.p, id, word.n) == 0;
}

bool dm_client_enters(struct dm_str cmdline, const char *name, const char *id)
{
	bool enters = false;
	struct dm_str word;

	while (cmdline.n && dm_str_cut(&cmdline, '\0', &word)) {
		if (enters && names(word, name, id))
			return true;
		enters |= dm_str_is(word, "exec") || dm_str_is(word, "attach");
	}
	return false;
}
