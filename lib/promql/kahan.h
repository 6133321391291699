/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_PROMQL_KAHAN_H
#define DM_PROMQL_KAHAN_H

#include <math.h>

/**
 * A compensated sum, as Prometheus keeps it.
 * Source: Neumaier, Rundungsfehleranalyse einiger Verfahren zur Summation
 * endlicher Summen, 1974; prometheus util/kahansum.
 */
struct dm_kahan {
	double sum, c;
};

static inline void dm_kahan_add(struct dm_kahan *k, double inc)
{
	double t = k->sum + inc;

	if (isinf(t))
		k->c = 0;
	else if (fabs(k->sum) >= fabs(inc))
		k->c += (k->sum - t) + inc;
	else
		k->c += (inc - t) + k->sum;
	k->sum = t;
}

#endif
