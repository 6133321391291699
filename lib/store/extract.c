/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/extract.h"

#include "base/num.h"

/* What is remembered of identities in all; more are read as a whole. */
#define HEADS_MAX_BYTES (64u << 20)
/* How far a metric moves from one record to the next, as values before it
 * become longer or shorter; farther ones are looked for. */
#define MOVES 24

struct dm_extract_row {
	size_t head;	 /* in heads: from behind ts to the metrics' { */
	uint32_t head_n; /* 0: nothing is known */
	unsigned n;	 /* wanted metrics */
	uint8_t keys[DM_EXTRACT_METRICS];    /* which they are */
	uint32_t places[DM_EXTRACT_METRICS]; /* behind the head */
};

/* Names that stand in a record as they are. */
static bool is_plain(struct dm_str name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '"' || name.p[i] == '\\' ||
		    (unsigned char)name.p[i] < 0x20)
			return false;
	}
	return name.n > 0;
}

int dm_extract_open(
    struct dm_extract *x, const struct dm_plan *plan, struct dm_err *err)
{
	const struct dm_store_fill *fill = plan->fill;
	size_t at = 0;

	x->plan = plan;
	x->rows = calloc(plan->selection.n + 1, sizeof(*x->rows));
	if (!x->rows)
		return dm_err_nomem(err);
	for (size_t i = 0; i < fill->n_selectors; i++) {
		struct dm_str name = fill->selectors[i]->name;

		if (!is_plain(name))
			continue;
		dm_buf_add_char(&x->names, '"');
		dm_buf_add_str(&x->names, name);
		dm_buf_add_cstr(&x->names, "\":");
		x->keys[i].n = name.n + strlen("\"\":");
	}
	if (dm_buf_ok(&x->names, err) < 0)
		return -1;
	for (size_t i = 0; i < fill->n_selectors; i++) {
		x->keys[i].p = x->names.p + at;
		at += x->keys[i].n;
	}
	return dm_scanner_new(NULL, NULL, &x->scanner, err);
}

void dm_extract_release(struct dm_extract *x)
{
	dm_scanner_free(x->scanner);
	free(x->rows);
	dm_buf_release(&x->heads);
	dm_buf_release(&x->names);
}

static struct dm_extract_row *row_of(
    struct dm_extract *x, const struct dm_wanted *w)
{
	return &x->rows[w - x->plan->selection.wanted];
}

/* Which metrics an identity's selectors want; false where that has to be
 * seen from the record, or they are too many. */
static bool choose_keys(
    struct dm_extract *x, struct dm_extract_row *row, uint64_t named)
{
	row->n = 0;
	for (size_t i = 0; i < x->plan->fill->n_selectors; i++) {
		bool known = false;

		if (!(named >> i & 1))
			continue;
		for (unsigned k = 0; k < row->n; k++)
			known |= dm_str_eq(x->keys[row->keys[k]], x->keys[i]);
		if (known)
			continue;
		if (x->keys[i].n == 0 || row->n == DM_EXTRACT_METRICS)
			return false;
		row->keys[row->n++] = (uint8_t)i;
	}
	return row->n > 0;
}

/* Behind {"ts":NUMBER which all writers begin with, at the comma; NULL: it
 * does not. */
static const char *behind_ts(struct dm_extract *x, struct dm_str text)
{
	static const char begin[] = "{\"ts\":";
	const char *p = text.p, *end = text.p + text.n;

	if (x->begin_n && text.n > x->begin_n &&
	    memcmp(text.p, x->begin, x->begin_n) == 0)
		return text.p + x->begin_n - 1;
	if (!dm_str_starts(text, begin))
		return NULL;
	for (p += strlen(begin); p < end && *p != ','; p++) {
		if ((*p < '0' || *p > '9') && *p != '.' && *p != '-')
			return NULL;
	}
	if (p == end)
		return NULL;
	x->begin_n = (size_t)(p + 1 - text.p);
	if (x->begin_n > sizeof(x->begin))
		x->begin_n = 0;
	memcpy(x->begin, text.p, x->begin_n);
	return p;
}

/* Where the names of the metrics begin. (Kind and labels may stand behind
 * them: whose record it is has been told by its row.) */
static const char *begin_of_metrics(
    const struct dm_extract *x, const struct dm_record *r)
{
	struct dm_str name;
	const char *p;

	if (r->n_metrics == 0)
		return NULL;
	name = dm_scan_name(x->scanner, r->metrics[0].name);
	p = r->metrics[0].text.p;
	if ((size_t)(p - r->line.p) < name.n + strlen("{\"\":"))
		return NULL;
	p -= name.n + strlen("\"\":");
	if (p[-1] != '{' || *p != '"' || memcmp(p + 1, name.p, name.n) != 0)
		return NULL;
	return p;
}

/* What there is to know of a record: where its metrics begin. */
static void learn(
    struct dm_extract *x, const struct dm_wanted *w, struct dm_str text)
{
	struct dm_extract_row *row = row_of(x, w), now = *row;
	const char *head = behind_ts(x, text), *metrics;
	struct dm_record r;

	row->head_n = 0;
	if (!head || x->heads.n > HEADS_MAX_BYTES ||
	    !choose_keys(x, &now, w->named) ||
	    dm_scan(x->scanner, text, &r, NULL) < 0)
		return;
	metrics = begin_of_metrics(x, &r);
	if (!metrics || metrics <= head)
		return;
	now.head = x->heads.n;
	now.head_n = (uint32_t)(metrics - head);
	dm_buf_add(&x->heads, head, now.head_n);
	if (!x->heads.failed)
		*row = now;
}

/* Does the key stand there, in n bytes behind a brace? A quote behind a brace
 * or a comma is within no string, as there it would be escaped. */
static bool is_key(const char *p, size_t n, size_t at, struct dm_str key)
{
	return at < n && p[at] == '"' && n - at > key.n &&
	       memcmp(p + at, key.p, key.n) == 0 &&
	       (p[at - 1] == '{' || p[at - 1] == ',');
}

/* Where the key stands, about where it stood; n: nowhere. */
static size_t find_key(const char *p, size_t n, size_t place, struct dm_str key)
{
	for (size_t i = 0; i <= MOVES; i++) {
		if (place >= i && is_key(p, n, place - i, key))
			return place - i;
		if (is_key(p, n, place + i, key))
			return place + i;
	}
	for (size_t at = 0; at < n; at++) {
		const char *found = memmem(p + at, n - at, key.p, key.n);

		if (!found)
			break;
		at = (size_t)(found - p);
		if (is_key(p, n, at, key))
			return at;
	}
	return n;
}

/* A plain number; others are left to the scanner. */
static bool take_number(const char *p, const char *end, double *ret)
{
	const char *begin = p;
	bool negative = p < end && *p == '-';
	size_t digits, decimals = 0;
	uint64_t mantissa = 0;

	p += negative;
	digits = dm_num_digits(p, end, &mantissa);
	p += digits;
	if (p < end && *p == '.') {
		decimals = dm_num_digits(p + 1, end, &mantissa);
		p += decimals ? 1 + decimals : 0;
	}
	if (digits == 0 || p == end || (*p != ',' && *p != '}'))
		return false;
	if (dm_num_short(mantissa, digits + decimals, decimals, negative, ret))
		return true;
	return dm_num_parse((struct dm_str){begin, (size_t)(p - begin)}, ret);
}

static bool is_known(const struct dm_extract *x,
    const struct dm_extract_row *row, struct dm_str text, const char *begin)
{
	return row->head_n && begin &&
	       (size_t)(text.p + text.n - begin) > row->head_n &&
	       memcmp(begin, x->heads.p + row->head, row->head_n) == 0;
}

unsigned dm_extract(
    struct dm_extract *x, const struct dm_wanted *w, struct dm_str text)
{
	struct dm_extract_row *row = row_of(x, w);
	const char *end = text.p + text.n, *begin = behind_ts(x, text);

	if (!is_known(x, row, text, begin)) {
		learn(x, w, text);
		return 0;
	}
	begin += row->head_n;
	for (unsigned i = 0; i < row->n; i++) {
		struct dm_str key = x->keys[row->keys[i]];
		struct dm_extracted *m = &x->metrics[i];
		size_t n = (size_t)(end - begin);
		size_t at = find_key(begin, n, row->places[i], key);

		/* Of the metrics, and not of what may follow them? */
		if (at == n || memchr(begin, '}', at) ||
		    !take_number(begin + at + key.n, end, &m->value))
			return 0;
		row->places[i] = (uint32_t)at;
		m->selector = row->keys[i];
	}
	return row->n;
}
