/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "record/record.h"

#include <math.h>

#include "base/num.h"

static const char *const kinds[] = {
    [DM_KIND_OTHER] = "",
    [DM_KIND_HOST] = "host",
    [DM_KIND_CONTAINER] = "container",
    [DM_KIND_PROCESS] = "process",
    [DM_KIND_EVENT] = "event",
    [DM_KIND_SWEEP] = "sweep",
    [DM_KIND_FORECAST] = "forecast",
    [DM_KIND_RECORDED] = "recorded",
    [DM_KIND_ALERT] = "alert",
    [DM_KIND_ACTION] = "action",
    [DM_KIND_RULE] = "rule",
    [DM_KIND_LOSS] = "loss",
    [DM_KIND_INFO] = "info",
};

enum dm_kind dm_kind_of(struct dm_str name)
{
	for (size_t i = 1; i < DM_COUNT(kinds); i++) {
		if (dm_str_is(name, kinds[i]))
			return (enum dm_kind)i;
	}
	return DM_KIND_OTHER;
}

const char *dm_kind_name(enum dm_kind kind)
{
	return kinds[kind];
}

struct dm_identity *dm_identity_new(
    struct dm_str kind, struct dm_str labels, struct dm_err *err)
{
	struct dm_identity *identity =
	    calloc(1, sizeof(*identity) + kind.n + 1 + labels.n);
	char *at;

	if (!identity) {
		dm_err_nomem(err);
		return NULL;
	}
	at = (char *)(identity + 1);
	memcpy(at, kind.p, kind.n);
	if (labels.n)
		memcpy(at + kind.n + 1, labels.p, labels.n);
	identity->kind = (struct dm_str){at, kind.n};
	identity->labels = (struct dm_str){at + kind.n + 1, labels.n};
	identity->kind_id = dm_kind_of(kind);
	return identity;
}

double dm_metric_convert(const struct dm_metric *m)
{
	double v;

	switch (m->type) {
	case DM_VALUE_NUMBER:
		/* The scanner has refused what lies beyond the doubles. */
		return dm_num_parse(m->text, &v) ? v : NAN;
	case DM_VALUE_POS_INF:
		return HUGE_VAL;
	case DM_VALUE_NEG_INF:
		return -HUGE_VAL;
	default:
		return NAN;
	}
}
