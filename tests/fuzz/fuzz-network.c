/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts of /proc/PID/net, and what the kernel tells of neighbours. The first
 * byte chooses the parser; no count may be more than the text has lines, and no
 * name may lie outside it. */
#include <stdlib.h>

#include "collect/emit.h"
#include "collect/network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void try_dev(struct dm_str text)
{
	struct dm_net_values v = {0};
	struct dm_str rest = text;
	struct dm_part part = {0};
	struct dm_net_dev dev;
	struct dm_buf b = {0};

	while (dm_net_dev_next(&rest, &dev))
		expect(dev.name.n > 0 && dev.name.p >= text.p &&
		       dev.name.p + dev.name.n <= text.p + text.n);
	dm_net_write(&v, text, &part);
	(void)dm_emit_parts(&b, 0, "container", DM_STR(""), &part, 1);
	expect(!b.failed && (b.n == 0 || b.p[b.n - 1] == '\n'));
	dm_buf_release(&b);
	dm_part_release(&part);
}

static void try_sockstat(struct dm_str text)
{
	uint64_t v = 0;

	if (dm_net_sockstat(text, "TCP", "inuse", &v))
		expect(memmem(text.p, text.n, "TCP:", 4) != NULL);
}

static void try_counters(struct dm_str text)
{
	uint64_t v[DM_NET_COUNTERS];
	uint64_t have =
	    dm_net_counters(text, dm_net_wanted, DM_NET_COUNTERS, v);

	for (unsigned i = 0; i < DM_NET_COUNTERS; i++) {
		const char *name = dm_net_wanted[i].name;

		if (have & UINT64_C(1) << i)
			expect(memmem(text.p, text.n, name, strlen(name)));
	}
}

static void try_tcp(struct dm_str text)
{
	uint64_t n[DM_TCP_STATES], sum = 0, lines = 1;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	dm_net_tcp_count(text, n);
	for (unsigned i = 0; i < DM_TCP_STATES; i++)
		sum += n[i];
	expect(sum <= lines);
}

static void try_udp(struct dm_str text)
{
	struct dm_net_udp u;

	dm_net_udp_count(text, &u);
	expect(u.listen <= text.n);
}

static void try_mountinfo(struct dm_str text)
{
	struct dm_str type;

	if (dm_net_mount_type(text, 36, &type))
		expect(type.n > 0 && type.p > text.p &&
		       type.p + type.n <= text.p + text.n);
}

/* Messages about neighbours, one behind the other. */
static void try_news(struct dm_str text)
{
	struct dm_neighbour_news news;
	struct dm_ndp ndp = {0};
	size_t all = text.n;

	for (; text.n; text.p++, text.n--) {
		if (!dm_neighbour_news_parse(text.p, text.n, &news))
			continue;
		expect(!news.here || news.mac);
		expect(dm_ndp_step(&ndp, &news) == 0);
	}
	expect(ndp.n <= DM_NDP_MAX && ndp.changes <= all);
	dm_ndp_release(&ndp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(struct dm_str) = {try_dev, try_sockstat,
	    try_counters, try_tcp, try_udp, try_mountinfo, try_news};

	if (size > 1)
		tries[data[0] % DM_COUNT(tries)](
		    (struct dm_str){(const char *)data + 1, size - 1});
	return 0;
}
