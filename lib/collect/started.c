/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/started.h"

#include "base/file.h"
#include "collect/cgroup_parse.h"
#include "collect/discover.h"

/* USER_HZ, on all machines that dmon runs on. */
#define TICK_US (DM_US_PER_S / 100)

bool dm_started_ticks(struct dm_str stat, uint64_t *ret)
{
	const char *end;
	struct dm_str rest, word;

	if (stat.n == 0)
		return false;
	/* The name, field 2, is in parentheses and may hold anything. */
	end = memrchr(stat.p, ')', stat.n);
	if (!end)
		return false;
	rest = (struct dm_str){end + 1, stat.n - (size_t)(end + 1 - stat.p)};
	for (int field = 3; field <= 22; field++) {
		if (!dm_str_word(&rest, &word))
			return false;
	}
	return dm_str_u64(word, ret);
}

bool dm_started_boot(struct dm_str stat, uint64_t *ret)
{
	static const char *const keys[] = {"btime"};

	return dm_cgroup_keyed(stat, keys, 1, ret) == 1;
}

int64_t dm_started_boot_us(const char *procfs)
{
	DM_AUTO_BUF struct dm_buf path = {0}, text = {0};
	uint64_t seconds;

	dm_buf_addf(&path, "%s/stat", procfs);
	if (dm_file_read(dm_buf_cstr(&path), 16 << 20, &text, NULL) < 0 ||
	    !dm_started_boot(dm_buf_str(&text), &seconds) ||
	    seconds > INT64_MAX / DM_US_PER_S / 2)
		return 0;
	return (int64_t)seconds * DM_US_PER_S;
}

static int64_t process_us(
    int64_t boot_us, const struct dm_collect *c, pid_t pid)
{
	DM_AUTO_BUF struct dm_buf path = {0}, text = {0};
	uint64_t ticks;

	dm_buf_addf(&path, "%s/%d/stat", c->options.procfs, (int)pid);
	if (dm_file_read(dm_buf_cstr(&path), 65536, &text, NULL) < 0 ||
	    !dm_started_ticks(dm_buf_str(&text), &ticks) ||
	    ticks > INT64_MAX / TICK_US / 2)
		return 0;
	return boot_us + (int64_t)ticks * TICK_US;
}

int64_t dm_started_us(int64_t boot_us, const struct dm_collect *c,
    const struct dm_container *container)
{
	int64_t made_us = dm_cgroups_made_us(c->cgroups, container);
	int64_t first_us = 0;

	if (boot_us && container->n_pids)
		first_us = process_us(boot_us, c, container->pids[0]);
	if (made_us == 0 || (first_us && first_us < made_us))
		return first_us;
	return made_us;
}
