/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts of witnesses and neighbours. The first byte chooses; what differs is no
 * longer than is asked for, and a list does not differ from itself. */
#include <stdlib.h>

#include "collect/neighbours.h"
#include "collect/witness.h"

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

/* Hierarchies, as /proc/self/cgroup and mountinfo have them. */
static void try_hierarchies(struct dm_str text)
{
	struct dm_str rest = text, line, folder;
	struct dm_entries e = {0};
	uint64_t device;

	expect(dm_witness_hierarchies(&e, text, NULL) == 0);
	expect(e.n <= text.n);
	dm_entries_release(&e);
	while (dm_str_line(&rest, &line)) {
		if (dm_witness_agent_mount(line, &device, &folder))
			expect(folder.n && folder.p > line.p &&
			       folder.p + folder.n < line.p + line.n);
	}
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

/* An ARP table behind one of routes, twice. */
static void try_neighbours(struct dm_str route, struct dm_str arp)
{
	struct dm_neighbour gateways[DM_GATEWAYS_MAX];
	unsigned n = dm_gateways(route, gateways);
	struct dm_neighbours s = {0};

	expect(n <= DM_GATEWAYS_MAX);
	expect(dm_neighbours_step(&s, arp, gateways, n) == 0);
	expect(s.entries <= DM_NEIGHBOURS_MAX && s.n <= arp.n);
	expect(dm_neighbours_step(&s, DM_STR(""), gateways, n) == 0);
	expect(s.entries == 0 && s.n <= DM_GATEWAYS_MAX);
	dm_neighbours_release(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dm_str text;
	size_t half;

	if (size < 1)
		return 0;
	text = (struct dm_str){(const char *)data + 1, size - 1};
	half = text.n / 2;
	if (data[0] % 3 == 2)
		try_neighbours((struct dm_str){text.p, half},
		    (struct dm_str){text.p + half, text.n - half});
	else if (data[0] % 3 == 1)
		try_lists((struct dm_str){text.p, half},
		    (struct dm_str){text.p + half, text.n - half});
	else {
		try_modules(text);
		try_hierarchies(text);
	}
	return 0;
}
