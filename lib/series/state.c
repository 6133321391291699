/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <jansson.h>

#include "base/num.h"
#include "record/write.h"
#include "series/window-impl.h"

static void save_target(struct dm_buf *b, const struct dm_swept *t)
{
	dm_buf_add_cstr(b, "{\"window\":\"target\",\"instance\":");
	dm_json_quote(b, t->pub.instance);
	dm_buf_add_cstr(b, ",\"job\":");
	dm_json_quote(b, t->pub.job);
	dm_buf_addf(b, ",\"sends\":%s,\"last\":", t->sends ? "true" : "false");
	dm_num_add_i64(b, t->pub.last_us);
	dm_buf_add_cstr(b, ",\"swept\":");
	dm_num_add_i64(b, t->sweep_us);
	dm_buf_addf(b, ",\"behind\":%u", t->n_behind);
	dm_buf_add_cstr(b, ",\"user\":");
	dm_num_add_i64(b, t->pub.user);
	dm_buf_add_cstr(b, "}\n");
}

/* Markers of staleness are null there; a NaN is "NaN". */
static void save_series(
    struct dm_buf *b, const struct dm_kept *k, int64_t horizon_us)
{
	size_t from = dm_kept_unreachable(k, horizon_us);

	dm_buf_add_cstr(b, "{\"window\":\"series\",\"name\":");
	dm_json_quote(b, k->s.name->text);
	dm_buf_add_cstr(b, ",\"labels\":");
	dm_labels_add_json(b, k->s.labels);
	dm_buf_addf(b, ",\"live\":%s,\"t\":[", k->seen ? "true" : "false");
	for (size_t i = from; i < k->s.n; i++) {
		if (i > from)
			dm_buf_add_char(b, ',');
		dm_num_add_i64(b, k->s.p[i].t_us);
	}
	dm_buf_add_cstr(b, "],\"v\":[");
	for (size_t i = from; i < k->s.n; i++) {
		if (i > from)
			dm_buf_add_char(b, ',');
		if (dm_is_stale(k->s.p[i].v))
			dm_buf_add_cstr(b, "null");
		else
			dm_num_add(b, k->s.p[i].v);
	}
	dm_buf_add_cstr(b, "]}\n");
}

int dm_window_save(struct dm_window *w, struct dm_buf *b, struct dm_err *err)
{
	dm_window_prune(w);
	dm_buf_add_cstr(b, "{\"window\":\"horizon\",\"t\":");
	dm_num_add_i64(b, w->keeper.horizon_us);
	dm_buf_add_cstr(b, "}\n");
	for (size_t i = 0; i < w->n_targets; i++)
		save_target(b, w->targets[i]);
	for (size_t i = 0; i < w->series.n; i++)
		save_series(b, w->series.p[i], w->keeper.horizon_us);
	return dm_buf_ok(b, err);
}

static int bad_state(struct dm_err *err)
{
	return dm_err_set(err, DM_EPARSE, "not a line of a saved window");
}

static int labels_from_json(struct dm_window *w, json_t *object,
    struct dm_labels **ret, struct dm_err *err)
{
	const char *name;
	json_t *value;

	dm_labels_builder_start(&w->builder, NULL);
	json_object_foreach(object, name, value)
	{
		if (!json_is_string(value))
			return bad_state(err);
		dm_labels_builder_set(&w->builder, dm_str(name),
		    (struct dm_str){
			json_string_value(value), json_string_length(value)});
	}
	return dm_labels_builder_done(&w->builder, w->pool, ret, err);
}

static int restore_target(struct dm_window *w, json_t *line, struct dm_err *err)
{
	DM_AUTO_LABELS struct dm_labels *labels = NULL;
	json_t *only;
	json_int_t last, swept, user;
	const char *instance, *job;
	struct dm_swept *t;
	int sends, behind = 0, rc;

	if (json_unpack(line, "{s:s,s:s,s:b,s:I,s:I,s:I,s?i}", "instance",
		&instance, "job", &job, "sends", &sends, "last", &last, "swept",
		&swept, "user", &user, "behind", &behind) < 0)
		return bad_state(err);
	only = json_pack("{s:s,s:s}", "instance", instance, "job", job);
	if (!only)
		return dm_err_nomem(err);
	rc = labels_from_json(w, only, &labels, err);
	json_decref(only);
	if (rc < 0 || dm_sweep_target(w, labels, &t, err) < 0)
		return -1;
	t->sends = sends;
	t->pub.last_us = last;
	t->pub.user = user;
	t->sweep_us = swept;
	t->n_behind = behind > 0 ? (unsigned)behind : 0;
	return 0;
}

static bool sample_value(const json_t *v, double *ret)
{
	const char *text = json_string_value(v);

	if (json_is_null(v))
		*ret = dm_stale();
	else if (json_is_number(v))
		*ret = json_number_value(v);
	else
		return text && dm_num_parse_user(dm_str(text), ret);
	return true;
}

static int restore_samples(struct dm_window *w, struct dm_kept *k,
    json_t *times, json_t *values, struct dm_err *err)
{
	double v;

	if (json_array_size(times) != json_array_size(values))
		return bad_state(err);
	for (size_t i = 0; i < json_array_size(times); i++) {
		const json_t *t = json_array_get(times, i);

		if (!json_is_integer(t) ||
		    !sample_value(json_array_get(values, i), &v))
			return bad_state(err);
		if (dm_kept_add(&w->keeper, k, json_integer_value(t), v, err) <
		    0)
			return -1;
	}
	return 0;
}

static int restore_series(struct dm_window *w, json_t *line, struct dm_err *err)
{
	DM_AUTO_LABELS struct dm_labels *labels = NULL;
	json_t *object, *times, *values;
	const struct dm_name *name;
	const char *text;
	struct dm_swept *t;
	struct dm_kept *k;
	int live;

	if (json_unpack(line, "{s:s,s:o,s:b,s:o,s:o}", "name", &text, "labels",
		&object, "live", &live, "t", &times, "v", &values) < 0 ||
	    !json_is_object(object) || !json_is_array(times) ||
	    !json_is_array(values))
		return bad_state(err);
	if (labels_from_json(w, object, &labels, err) < 0 ||
	    dm_labels_name(w->pool, dm_str(text), &name, err) < 0 ||
	    dm_window_series(w, name, labels, &k, err) < 0)
		return -1;
	if (!k)
		return 0;
	if (restore_samples(w, k, times, values, err) < 0)
		return -1;
	if (!live || k->seen)
		return 0;
	if (dm_sweep_target(w, labels, &t, err) < 0)
		return -1;
	return dm_sweep_live(t, k, err);
}

int dm_window_restore_line(
    struct dm_window *w, struct dm_str line, struct dm_err *err)
{
	json_t *object = json_loadb(line.p, line.n, 0, NULL);
	const char *what = json_string_value(json_object_get(object, "window"));
	const json_t *t = json_object_get(object, "t");
	int rc;

	if (!what)
		rc = bad_state(err);
	else if (strcmp(what, "target") == 0)
		rc = restore_target(w, object, err);
	else if (strcmp(what, "series") == 0)
		rc = restore_series(w, object, err);
	else if (strcmp(what, "horizon") == 0 && json_is_integer(t)) {
		w->keeper.horizon_us = json_integer_value(t);
		rc = 0;
	} else
		rc = bad_state(err);
	json_decref(object);
	return rc;
}
