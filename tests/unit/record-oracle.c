/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "record-oracle.h"

#include <jansson.h>
#include <math.h>

#include "base/num.h"
#include "base/time.h"

static void json_cleanup(json_t **j)
{
	json_decref(*j);
}
#define AUTO_JSON DM_CLEANUP(json_cleanup)

static bool is_special(const char *s)
{
	return strcmp(s, "NaN") == 0 || strcmp(s, "+Inf") == 0 ||
	       strcmp(s, "-Inf") == 0;
}

static bool good_members(json_t *object, bool metrics)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return false;
	json_object_foreach(object, key, value)
	{
		if (metrics && (json_is_real(value) || json_is_null(value)))
			continue;
		if (!json_is_string(value) ||
		    (metrics && !is_special(json_string_value(value))))
			return false;
	}
	return true;
}

/* What dmon-record(5) asks of a JSON value that is to be a record. */
static bool is_record(json_t *j)
{
	json_t *ts = json_object_get(j, "ts");
	json_t *kind = json_object_get(j, "kind");
	json_t *labels = json_object_get(j, "labels");
	json_t *metrics = json_object_get(j, "metrics");
	int64_t us;

	return json_is_object(j) && json_is_real(ts) &&
	       dm_time_from_seconds(json_real_value(ts), &us) &&
	       (!kind || json_is_string(kind)) &&
	       (!labels || good_members(labels, false)) &&
	       (!metrics || good_members(metrics, true));
}

static double value_of(json_t *value)
{
	const char *s = json_string_value(value);

	if (json_is_real(value))
		return json_real_value(value);
	if (!s || strcmp(s, "NaN") == 0)
		return NAN;
	return s[0] == '+' ? HUGE_VAL : -HUGE_VAL;
}

static bool same_double(double a, double b)
{
	return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof(a)) == 0;
}

/* What is written is read as the same number. */
static bool survives_writing(double v)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	double back;

	if (!isfinite(v))
		return true;
	dm_num_add(&b, v);
	return dm_num_parse(dm_buf_str(&b), &back) && same_double(v, back);
}

static const char *compare_metrics(
    const struct dm_scanner *s, const struct dm_record *r, json_t *metrics)
{
	if (r->n_metrics != json_object_size(metrics))
		return "another number of metrics";
	for (size_t i = 0; i < r->n_metrics; i++) {
		const struct dm_metric *m = &r->metrics[i];
		struct dm_str name = dm_scan_name(s, m->name);
		json_t *value = json_object_getn(metrics, name.p, name.n);
		double v = dm_metric_value(m);

		if (!value)
			return "a metric that is not there";
		if (json_is_null(value) != (m->type == DM_VALUE_NULL))
			return "null or not";
		if (!same_double(v, value_of(value)))
			return "another value";
		if (!survives_writing(v))
			return "a value that changes when written";
	}
	return NULL;
}

static const char *compare_labels(const struct dm_record *r, json_t *labels)
{
	struct dm_str rest = r->identity->labels, name, value;
	size_t n = 0;

	while (dm_json_member(&rest, &name, &value)) {
		DM_AUTO_BUF struct dm_buf k = {0}, v = {0};
		const char *expected;

		dm_json_unquote(&k, name);
		dm_json_unquote(&v, value);
		expected = json_string_value(
		    json_object_getn(labels, k.n ? k.p : "", k.n));
		if (!expected || !dm_str_is(dm_buf_str(&v), expected))
			return "another label";
		n++;
	}
	return n == json_object_size(labels) ? NULL : "number of labels";
}

static const char *compare(
    const struct dm_scanner *s, const struct dm_record *r, json_t *j)
{
	const char *kind = json_string_value(json_object_get(j, "kind"));
	const char *differs;
	int64_t us = 0;

	(void)!dm_time_from_seconds(
	    json_real_value(json_object_get(j, "ts")), &us);
	if (r->ts_us != us)
		return "another ts";
	if (!dm_str_is(r->identity->kind, kind ? kind : ""))
		return "another kind";
	differs = compare_labels(r, json_object_get(j, "labels"));
	if (differs)
		return differs;
	return compare_metrics(s, r, json_object_get(j, "metrics"));
}

const char *oracle_compare(struct dm_scanner *s, struct dm_str line)
{
	AUTO_JSON json_t *j = json_loadb(line.p, line.n,
	    JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES, NULL);
	/* jansson reads over a NUL behind a number (2.14, stream_get): no JSON
	 * text has one. */
	bool nul = line.n && memchr(line.p, '\0', line.n);
	bool good = j && !nul && is_record(j);
	struct dm_record r;
	struct dm_err err;

	if (dm_scan(s, line, &r, &err) < 0) {
		if (err.code == DM_ELIMIT)
			return NULL; /* our own bounds, not jansson's */
		return good ? "rejected what jansson accepts" : NULL;
	}
	if (!good)
		return "accepted what jansson rejects";
	return compare(s, &r, j);
}
