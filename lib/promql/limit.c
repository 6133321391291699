/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "promql/expr.h"

/* limitk and limit_ratio. Source: prometheus promql/engine.go. */

#define P1 UINT64_C(0x9E3779B185EBCA87)
#define P2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define P3 UINT64_C(0x165667B19E3779F9)
#define P4 UINT64_C(0x85EBCA77C2B2AE63)
#define P5 UINT64_C(0x27D4EB2F165667C5)

static uint64_t rotate(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

static uint64_t read_le(const unsigned char *p, unsigned bytes)
{
	uint64_t v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

static uint64_t take_lane(uint64_t acc, uint64_t lane)
{
	return rotate(acc + lane * P2, 31) * P1;
}

/* All but the last 31 bytes at most; *p moves. */
static uint64_t take_stripes(const unsigned char **p, const unsigned char *end)
{
	uint64_t acc[4] = {P1 + P2, P2, 0, -P1}, h;

	for (; end - *p >= 32; *p += 32) {
		for (unsigned i = 0; i < 4; i++)
			acc[i] = take_lane(acc[i], read_le(*p + 8 * i, 8));
	}
	h = rotate(acc[0], 1) + rotate(acc[1], 7) + rotate(acc[2], 12) +
	    rotate(acc[3], 18);
	for (unsigned i = 0; i < 4; i++)
		h = (h ^ take_lane(0, acc[i])) * P1 + P4;
	return h;
}

/* Source: https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md, XXH64. */
static uint64_t xxh64(struct dm_str s)
{
	const unsigned char *p = (const unsigned char *)(s.n ? s.p : "");
	const unsigned char *end = p + s.n;
	uint64_t h = s.n >= 32 ? take_stripes(&p, end) : P5;

	h += s.n;
	for (; end - p >= 8; p += 8)
		h = rotate(h ^ take_lane(0, read_le(p, 8)), 27) * P1 + P4;
	if (end - p >= 4) {
		h = rotate(h ^ read_le(p, 4) * P1, 23) * P2 + P3;
		p += 4;
	}
	for (; p < end; p++)
		h = rotate(h ^ *p * P5, 11) * P1;
	h = (h ^ h >> 33) * P2;
	h = (h ^ h >> 29) * P3;
	return h ^ h >> 32;
}

static void add_text(struct dm_buf *b, struct dm_str s)
{
	if (s.n < 255) {
		dm_buf_add_char(b, (char)s.n);
	} else {
		dm_buf_add_char(b, (char)255);
		for (unsigned i = 0; i < 3; i++)
			dm_buf_add_char(b, (char)(s.n >> 8 * i));
	}
	dm_buf_add_str(b, s);
}

/* Where a label set stands between 0 and 1: by the hash that Prometheus takes
 * of it, so that it is the same sets that are kept.
 * Source: prometheus model/labels/labels_stringlabels.go, Hash. */
static int offset_of(struct dm_expr *e, const struct dm_element *el,
    double *ret, struct dm_err *err)
{
	const struct dm_str name = DM_STR(DM_LABEL_NAME);
	const struct dm_labels *l = el->labels;
	bool named = !el->name;

	dm_buf_clear(&e->buf);
	for (size_t i = 0; i <= l->n; i++) {
		if (!named &&
		    (i == l->n || dm_str_cmp(l->pairs[i].name, name) > 0)) {
			add_text(&e->buf, name);
			add_text(&e->buf, el->name->text);
			named = true;
		}
		if (i == l->n)
			break;
		add_text(&e->buf, l->pairs[i].name);
		add_text(&e->buf, l->pairs[i].value);
	}
	*ret = (double)xxh64(dm_buf_str(&e->buf)) / (double)UINT64_MAX;
	return dm_buf_ok(&e->buf, err);
}

int dm_eval_limit_ratio(struct dm_expr *e, struct dm_node *n,
    const struct dm_vec *in, struct dm_err *err)
{
	double ratio = n->args[0]->scalar, at;

	ratio = ratio < -1 ? -1 : ratio > 1 ? 1 : ratio;
	for (size_t i = 0; i < in->n; i++) {
		if (offset_of(e, &in->p[i], &at, err) < 0)
			return -1;
		if (ratio >= 0 ? at < ratio : at >= 1.0 + ratio)
			n->out.p[n->out.n++] = in->p[i];
	}
	return 0;
}

/* The first of each group. */
int dm_eval_limitk(struct dm_expr *e, struct dm_node *n,
    const struct dm_vec *in, struct dm_err *err)
{
	size_t *taken =
	    dm_eval_scratch(&e->scratch->work, in->n * sizeof(*taken), err);
	double k = n->args[0]->scalar;
	struct dm_labels *labels;
	size_t groups = 0, at;

	if (!taken)
		return -1;
	for (size_t i = 0; i < in->n; i++) {
		if (dm_eval_find_group(
			e, n, &in->p[i], groups, &labels, &at, err) < 0)
			return -1;
		if (at == groups)
			taken[groups++] = 0;
		if ((double)taken[at] + 1 > k)
			continue;
		taken[at]++;
		n->out.p[n->out.n++] = in->p[i];
	}
	return 0;
}
