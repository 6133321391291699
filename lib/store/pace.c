/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/pace.h"

#include <string.h>

/* Later than anyone waits; twice this and a clock's time still fit. */
#define FOREVER_NS INT64_C(2000000000000000000)

/* The clock that stopped last before a time; p->n: none did. */
static size_t find_behind(const struct dm_pace *p, int64_t ts_us)
{
	size_t best = p->n;

	for (size_t i = 0; i < p->n; i++) {
		int64_t last_us = p->clocks[i].last_us;

		if (last_us <= ts_us &&
		    (best == p->n || last_us > p->clocks[best].last_us))
			best = i;
	}
	return best;
}

/* Has a clock that began after `after_us` been past this time already? */
static bool is_replayed(
    const struct dm_pace *p, int64_t after_us, int64_t ts_us)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct dm_pace_clock *c = &p->clocks[i];

		if (c->first_us > after_us && c->first_us <= ts_us &&
		    c->last_us > ts_us)
			return true;
	}
	return false;
}

/* Move a clock to the front; where it is p->n, begin one, if need be in
 * place of the one that was used longest ago. */
static void use(struct dm_pace *p, size_t i, int64_t ts_us)
{
	struct dm_pace_clock c = {.first_us = ts_us};

	if (i < p->n)
		c = p->clocks[i];
	else if (p->n < DM_PACE_CLOCKS)
		p->n++;
	else
		i = p->n - 1;
	memmove(&p->clocks[1], p->clocks, i * sizeof(c));
	p->clocks[0] = c;
}

static int64_t wait_ns(const struct dm_pace *p, int64_t from_us, int64_t to_us)
{
	double gap_ns = ((double)to_us - (double)from_us) * 1000 / p->speed;

	return gap_ns < (double)FOREVER_NS ? (int64_t)gap_ns : FOREVER_NS;
}

int64_t dm_pace_due_ns(struct dm_pace *p, int64_t ts_us, int64_t now_ns)
{
	int64_t before_ns = p->n ? p->clocks[0].due_ns : now_ns;
	int64_t due_ns = before_ns;
	size_t i = find_behind(p, ts_us);

	if (p->n && ts_us >= p->clocks[0].last_us) {
		const struct dm_pace_clock *c = &p->clocks[i];

		if (is_replayed(p, c->last_us, ts_us)) {
			i = p->n;
		} else if (c->due_ns < FOREVER_NS) {
			due_ns = c->due_ns + wait_ns(p, c->last_us, ts_us);
		}
	}
	use(p, i, ts_us);
	p->clocks[0].last_us = ts_us;
	p->clocks[0].due_ns = due_ns > before_ns ? due_ns : before_ns;
	return p->clocks[0].due_ns;
}
