/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts of witnesses. The first byte chooses; what differs is no longer than
 * is asked for, and a list does not differ from itself. */
#include <stdlib.h>

#include "collect/witness-text.h"

#define MAX 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void try_lists(struct dm_str before, struct dm_str after)
{
	DM_AUTO_BUF struct dm_buf old = {0}, now = {0};

	dm_entries_differ(before, after, &old, &now, MAX);
	expect(old.n <= MAX + 3 && now.n <= MAX + 3);
	(void)dm_witness_in_place(before, after);
}

/* Modules, as text and as what becomes of them. */
static void try_modules(struct dm_str text)
{
	DM_AUTO_BUF struct dm_buf b = {0}, old = {0}, now = {0};
	struct dm_entries e = {0};
	struct dm_entry one;
	struct dm_str rest;
	size_t n = 0;

	expect(dm_witness_modules(&e, text, NULL) == 0);
	dm_entries_text(&e, &b);
	rest = dm_buf_str(&b);
	while (dm_entry_next(&rest, &one))
		n++;
	expect(n == e.n);
	dm_entries_differ(dm_buf_str(&b), dm_buf_str(&b), &old, &now, MAX);
	expect(old.n == 0 && now.n == 0);
	dm_entries_release(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dm_str text;
	size_t half;

	if (size < 1)
		return 0;
	text = (struct dm_str){(const char *)data + 1, size - 1};
	half = text.n / 2;
	if (data[0] % 2)
		try_lists((struct dm_str){text.p, half},
		    (struct dm_str){text.p + half, text.n - half});
	else
		try_modules(text);
	return 0;
}
