/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts of procfs. The first byte chooses the parser; what it gives must
 * lie in the text, and a value that can be written must be read again. */
#include <stdio.h>
#include <stdlib.h>

#include "collect/proc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void try_stat(struct dm_str text)
{
	struct dm_proc_stat s;

	if (!dm_proc_stat_parse(text, &s))
		return;
	expect(s.comm.p > text.p && s.comm.p + s.comm.n < text.p + text.n);
	expect(s.comm.p[-1] == '(' && s.comm.p[s.comm.n] == ')');
}

static void try_status(struct dm_str text)
{
	struct dm_proc_status s;

	dm_proc_status_parse(text, &s);
	for (unsigned i = 0; i < DM_CAPS_N; i++)
		expect(s.have & DM_STATUS_CAPS << i || s.caps[i] == 0);
}

static void try_mountinfo(struct dm_str text)
{
	struct dm_str rest = text, line, source;
	uint64_t device;

	if (dm_proc_mountinfo_has(text, 1234))
		expect(memmem(text.p, text.n, "1234", 4) != NULL);
	while (dm_str_line(&rest, &line)) {
		if (dm_disks_mount(line, &device, &source))
			expect(device || source.n);
		expect(source.n == 0 ||
		       (source.p > line.p &&
			   source.p + source.n <= line.p + line.n));
	}
}

static void try_uid_map(struct dm_str text)
{
	uint32_t inside, again;

	if (dm_proc_uid_inside(text, 100000, &inside))
		expect(dm_proc_uid_inside(text, 100000, &again) &&
		       inside == again);
	(void)dm_proc_uid_inside(text, UINT32_MAX, &inside);
}

static void try_ns(struct dm_str text)
{
	char expected[32];
	uint32_t ns;
	int n;

	if (!dm_proc_ns_parse(text, "mnt", &ns))
		return;
	/* The kernel writes no leading zeros, but they mean no harm. */
	n = snprintf(expected, sizeof(expected), "%u]", ns);
	expect(dm_str_ends(text, expected) && text.n >= (size_t)n);
}

static void try_passwd(struct dm_str text)
{
	struct dm_proc_users *u = NULL;
	struct dm_str name;

	if (dm_proc_users_new("/", &u, NULL) == 0 &&
	    dm_proc_users_parse(u, text, NULL) == 0 &&
	    dm_proc_users_name(u, 1000, &name))
		expect(name.n > 0 &&
		       memmem(text.p, text.n, name.p, name.n) != NULL);
	dm_proc_users_free(u);
}

static void try_exe(struct dm_str text)
{
	char tty[8];
	int64_t dev = 0;

	memcpy(&dev, text.p, text.n < 4 ? text.n : 4);
	dm_proc_tty_name(dev, tty, sizeof(tty));
	expect(memchr(tty, '\0', sizeof(tty)) != NULL);
	(void)dm_proc_is_runtime(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(struct dm_str) = {try_stat, try_status,
	    try_mountinfo, try_uid_map, try_ns, try_passwd, try_exe};

	if (size > 1)
		tries[data[0] % DM_COUNT(tries)](
		    (struct dm_str){(const char *)data + 1, size - 1});
	return 0;
}
