/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_CLEAN_RANGE_H
#define DM_CLEAN_RANGE_H

#include "base/str.h"

/* What a metric's values can be. */

enum dm_range_type {
	DM_RANGE_NONE,	  /* nothing is known: it is left alone */
	DM_RANGE_GAUGE,	  /* it rises and falls */
	DM_RANGE_COUNTER, /* it grows, or begins anew */
};

/* What a bound is to be multiplied with. */
enum dm_range_of {
	DM_RANGE_OF_ONE,
	DM_RANGE_OF_CPUS,   /* rate_max is for each CPU of the host */
	DM_RANGE_OF_MEMORY, /* max is the host's memory */
};

struct dm_range {
	const char *pattern; /* a name; one * stands for any text */
	enum dm_range_type type;
	enum dm_range_of of;
	double max;	   /* 0: none; the least is always 0 */
	double rate_max;   /* per second; 0: none */
	const char *limit; /* in the same record it is no less; or NULL */
	double floor;	   /* no change up to this is a glitch */
};

/** What is known of a metric; never NULL. Sources: man page, IMPOSSIBLE. */
const struct dm_range *dm_range_of(struct dm_str name);

#endif
