/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RECORD_RECORD_H
#define DM_RECORD_RECORD_H

#include "base/err.h"
#include "base/str.h"

/* The bounds of a line. Source: dmon-record(5). */
#define DM_LINE_MAX_BYTES (1024 * 1024)
#define DM_LINE_MAX_DEPTH 32

enum dm_kind {
	DM_KIND_OTHER, /* missing, or one that is not known */
	DM_KIND_HOST,
	DM_KIND_CONTAINER,
	DM_KIND_PROCESS,
	DM_KIND_EVENT,
	DM_KIND_SWEEP,
	DM_KIND_FORECAST,
	DM_KIND_RECORDED,
	DM_KIND_ALERT,
	DM_KIND_ACTION,
	DM_KIND_RULE,
	DM_KIND_LOSS,
	DM_KIND_INFO,
};

/** The kind that a name stands for; DM_KIND_OTHER where none. */
enum dm_kind dm_kind_of(struct dm_str name);

/** The name; "" for DM_KIND_OTHER. */
const char *dm_kind_name(enum dm_kind kind);

enum dm_value_type {
	DM_VALUE_NUMBER,
	DM_VALUE_NULL, /* the value is missing */
	DM_VALUE_NAN,
	DM_VALUE_POS_INF,
	DM_VALUE_NEG_INF,
};

/** One metric of a record: see dm_metric_value. */
struct dm_metric {
	uint32_t name; /* dm_scan_name() gives the text */
	enum dm_value_type type : 8;
	bool has_value;	    /* it has been converted already */
	struct dm_str text; /* the value as it stands in the line */
	double value;
};

/** For dm_metric_value alone: what takes long to convert. */
double dm_metric_convert(const struct dm_metric *m);

/**
 * The metric's value; NaN for DM_VALUE_NULL, which callers tell apart by
 * its type.
 */
static inline double dm_metric_value(const struct dm_metric *m)
{
	return m->has_value ? m->value : dm_metric_convert(m);
}

/**
 * Who a record is about: its kind and labels, as one text. The scanner knows
 * it again by that text, and so a consumer hangs what it knows of it on
 * `user` instead of reading the labels of each record.
 */
struct dm_identity {
	struct dm_str kind;   /* as it stands in the line, without quotes */
	struct dm_str labels; /* as they stand, braces included; or n = 0 */
	enum dm_kind kind_id;
	uint64_t hash;
	void *user; /* the consumer's; NULL at first */
	/* the scanner's own: */
	struct dm_identity *next; /* who came behind it last time */
	struct dm_shape *shape;	  /* the metrics it had last time */
	uint64_t used;
};

/** One that no scanner knows, to be freed; NULL with err DM_ENOMEM. */
struct dm_identity *dm_identity_new(
    struct dm_str kind, struct dm_str labels, struct dm_err *err);

/**
 * One line, checked throughout. All texts are lent: from the line, or by the
 * scanner until its next call.
 */
struct dm_record {
	struct dm_str line; /* without its newline */
	int64_t ts_us;
	enum dm_kind kind;
	struct dm_identity *identity;
	const struct dm_metric *metrics;
	size_t n_metrics;
	/* Equal shapes: the same metric names in the same order, none of
	 * them null. 0: no promise. */
	uint32_t shape;
};

#endif
