/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/cgroup_parse.h"

static bool number(struct dm_str s, uint64_t *ret)
{
	if (dm_str_is(s, "max")) {
		*ret = UINT64_MAX;
		return true;
	}
	return dm_str_u64(s, ret);
}

bool dm_cgroup_u64(struct dm_str text, uint64_t *ret)
{
	return number(dm_str_trim(text), ret);
}

bool dm_cgroup_cpu_max(
    struct dm_str text, uint64_t *ret_quota_us, uint64_t *ret_period_us)
{
	struct dm_str quota, period;
	uint64_t q, p;

	if (!dm_str_word(&text, &quota) || !dm_str_word(&text, &period) ||
	    !number(quota, &q) || !dm_str_u64(dm_str_trim(period), &p))
		return false;
	*ret_quota_us = q;
	*ret_period_us = p;
	return true;
}

static bool keyed_line(
    struct dm_str line, const char *key, size_t key_n, uint64_t *ret)
{
	return line.n > key_n && line.p[key_n] == ' ' &&
	       memcmp(line.p, key, key_n) == 0 &&
	       dm_str_u64(
		   dm_str_trim((struct dm_str){line.p + key_n, line.n - key_n}),
		   ret);
}

/* Keys in the file's order: one comparison a line. */
static unsigned keyed_in_order(
    struct dm_str text, const char *const *keys, unsigned n, uint64_t *values)
{
	size_t key_n = n ? strlen(keys[0]) : 0;
	unsigned i = 0;
	struct dm_str line;

	while (i < n && dm_str_line(&text, &line)) {
		if (!keyed_line(line, keys[i], key_n, &values[i]))
			continue;
		if (++i < n)
			key_n = strlen(keys[i]);
	}
	return i;
}

unsigned dm_cgroup_keyed(
    struct dm_str text, const char *const *keys, unsigned n, uint64_t *values)
{
	unsigned i = keyed_in_order(text, keys, n, values);
	unsigned found = i < 32 ? (1U << i) - 1 : UINT32_MAX;
	struct dm_str line;

	/* Another kernel's order, or one key is not there. */
	while (i < n && dm_str_line(&text, &line)) {
		for (unsigned k = i; k < n; k++) {
			if (keyed_line(
				line, keys[k], strlen(keys[k]), &values[k]))
				found |= 1U << k;
		}
	}
	return found;
}

/* The word "total=…" of a line. */
static bool total_of(struct dm_str line, uint64_t *ret)
{
	struct dm_str word;

	while (dm_str_word(&line, &word)) {
		if (dm_str_starts(word, "total="))
			return dm_str_u64(
			    (struct dm_str){word.p + 6, word.n - 6}, ret);
	}
	return false;
}

bool dm_cgroup_pressure(
    struct dm_str text, uint64_t *ret_some_us, uint64_t *ret_full_us)
{
	bool some = false, full = false;
	uint64_t some_us = 0, full_us = 0;
	struct dm_str line;

	while (dm_str_line(&text, &line)) {
		if (dm_str_starts(line, "some "))
			some = total_of(line, &some_us);
		else if (dm_str_starts(line, "full "))
			full = total_of(line, &full_us);
	}
	if (!some || !full)
		return false;
	*ret_some_us = some_us;
	*ret_full_us = full_us;
	return true;
}

static bool device(struct dm_str word, uint32_t *major, uint32_t *minor)
{
	struct dm_str a;
	uint64_t x, y;

	if (!dm_str_cut(&word, ':', &a) || !word.p || !dm_str_u64(a, &x) ||
	    !dm_str_u64(word, &y) || x > UINT32_MAX || y > UINT32_MAX)
		return false;
	*major = (uint32_t)x;
	*minor = (uint32_t)y;
	return true;
}

static bool io_value(struct dm_str word, struct dm_cgroup_io *io)
{
	struct dm_str key;
	uint64_t v;

	if (!dm_str_cut(&word, '=', &key) || !word.p || !dm_str_u64(word, &v))
		return false;
	if (dm_str_is(key, "rbytes"))
		io->read_bytes = v;
	else if (dm_str_is(key, "wbytes"))
		io->written_bytes = v;
	else if (dm_str_is(key, "rios"))
		io->reads = v;
	else if (dm_str_is(key, "wios"))
		io->writes = v;
	else
		return false;
	return true;
}

unsigned dm_cgroup_io(
    struct dm_str text, unsigned max, struct dm_cgroup_io *ret)
{
	struct dm_str line, word;
	unsigned n = 0;

	while (n < max && dm_str_line(&text, &line)) {
		struct dm_cgroup_io io = {0};
		bool any = false;

		if (!dm_str_word(&line, &word) ||
		    !device(word, &io.major, &io.minor))
			continue;
		while (dm_str_word(&line, &word))
			any |= io_value(word, &io);
		if (any)
			ret[n++] = io;
	}
	return n;
}

static struct dm_cgroup_io *io_of(struct dm_cgroup_io *io, unsigned *n,
    unsigned max, uint32_t major, uint32_t minor)
{
	for (unsigned i = 0; i < *n; i++) {
		if (io[i].major == major && io[i].minor == minor)
			return &io[i];
	}
	if (*n == max)
		return NULL;
	io[*n] = (struct dm_cgroup_io){.major = major, .minor = minor};
	return &io[(*n)++];
}

unsigned dm_cgroup_blkio(struct dm_str text, bool counts, unsigned max,
    unsigned n, struct dm_cgroup_io *io)
{
	struct dm_str line, dev, operation;

	while (dm_str_line(&text, &line)) {
		struct dm_cgroup_io *one;
		uint32_t major, minor;
		uint64_t v;
		bool is_read;

		if (!dm_str_word(&line, &dev) ||
		    !dm_str_word(&line, &operation) ||
		    !device(dev, &major, &minor) ||
		    !dm_str_u64(dm_str_trim(line), &v))
			continue;
		is_read = dm_str_is(operation, "Read");
		if (!is_read && !dm_str_is(operation, "Write"))
			continue;
		one = io_of(io, &n, max, major, minor);
		if (!one)
			continue;
		if (counts)
			*(is_read ? &one->reads : &one->writes) = v;
		else
			*(is_read ? &one->read_bytes : &one->written_bytes) = v;
	}
	return n;
}

uint64_t dm_cgroup_shares(uint64_t weight)
{
	if (weight == 0 || weight > 10000)
		return 0;
	return 2 + ((weight - 1) * 262142) / 9999;
}
