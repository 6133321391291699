/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/moment.h"

#include "base/time.h"

#define MINUTE_US (60 * DM_US_PER_S)
#define HOUR_US	  (60 * MINUTE_US)
#define DAY_US	  (24 * HOUR_US)

bool dm_moment_parse(struct dm_str s, int64_t now_us, struct dm_moment *ret)
{
	int64_t us, rest = now_us % DM_US_PER_S;

	if (dm_str_starts(s, "end")) {
		s.p += 3;
		s.n -= 3;
		if (s.n == 0) {
			*ret = DM_MOMENT_END;
			return true;
		}
		if (s.n < 2 || (s.p[0] != '-' && s.p[0] != '+') ||
		    !dm_time_parse_duration(
			(struct dm_str){s.p + 1, s.n - 1}, &us))
			return false;
		*ret = (struct dm_moment){true, s.p[0] == '-' ? -us : us};
		return true;
	}
	now_us -= rest < 0 ? rest + DM_US_PER_S : rest;
	if (!dm_time_parse_moment(s, now_us, &us))
		return false;
	*ret = (struct dm_moment){false, us};
	return true;
}

void dm_moment_print(struct dm_buf *b, const struct dm_moment *m)
{
	if (!m->from_end) {
		dm_time_add_rfc3339(b, m->us);
		return;
	}
	dm_buf_add_cstr(b, "end");
	if (m->us) {
		dm_buf_add_char(b, m->us < 0 ? '-' : '+');
		dm_duration_print(b, m->us < 0 ? -m->us : m->us);
	}
}

int64_t dm_moment_at(const struct dm_moment *m, int64_t end_us)
{
	int64_t at;

	if (!m->from_end)
		return m->us;
	if (__builtin_add_overflow(end_us, m->us, &at))
		return m->us < 0 ? INT64_MIN : INT64_MAX;
	return at;
}

int64_t dm_step_for(int64_t range_us, unsigned points)
{
	static const int64_t steps_us[] = {DM_US_PER_S, 2 * DM_US_PER_S,
	    5 * DM_US_PER_S, 10 * DM_US_PER_S, 15 * DM_US_PER_S,
	    30 * DM_US_PER_S, MINUTE_US, 2 * MINUTE_US, 5 * MINUTE_US,
	    10 * MINUTE_US, 15 * MINUTE_US, 30 * MINUTE_US, HOUR_US,
	    2 * HOUR_US, 3 * HOUR_US, 6 * HOUR_US, 12 * HOUR_US, DAY_US};
	int64_t least = points ? range_us / points : range_us;

	for (size_t i = 0; i < DM_COUNT(steps_us); i++) {
		if (steps_us[i] >= least)
			return steps_us[i];
	}
	return (least / DAY_US + 1) * DAY_US;
}

void dm_duration_print(struct dm_buf *b, int64_t us)
{
	static const struct {
		const char *name;
		int64_t us;
	} units[] = {{"d", DAY_US}, {"h", HOUR_US}, {"m", MINUTE_US},
	    {"s", DM_US_PER_S}, {"ms", 1000}};
	size_t before = b->n;

	for (size_t i = 0; i < DM_COUNT(units); i++) {
		if (us >= units[i].us)
			dm_buf_addf(b, "%lld%s", (long long)(us / units[i].us),
			    units[i].name);
		us %= units[i].us;
	}
	if (b->n == before)
		dm_buf_add_cstr(b, "0s");
}
