/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "record/scan.h"

#include "base/num.h"
#include "base/time.h"
#include "record/known.h"
#include "record/lex.h"

/*
 * The start of a line, up to its labels, as it stood last time: a sweep's
 * records share it. What has been checked once need not be read again.
 */
#define HEAD_BYTES 128
#define HEAD_KEYS  4
struct head {
	char text[HEAD_BYTES];
	size_t n; /* 0: none */
	struct dm_lex_key keys[HEAD_KEYS];
	size_t n_keys;
	struct dm_str kind;
	int64_t ts_us;
	bool has_ts, kind_escaped;
};

struct dm_scanner {
	struct dm_lex lex;
	struct dm_known known;
	struct dm_metric *metrics;
	size_t n_metrics, cap_metrics;
	struct dm_identity *last; /* of the record before */
	struct dm_buf plain;	  /* scratch: an unescaped text */
	uint64_t object;	  /* counts metrics objects, for `seen` */
	struct head head;
	/* this line's */
	int64_t ts_us;
	struct dm_str kind, labels;
	struct dm_identity *identity; /* by prediction, not yet sure */
	struct dm_shape *shape;	      /* what metrics should look like */
	bool has_ts, some_null, kind_escaped;
	struct dm_shape *found_shape;
};

int dm_scanner_new(void (*forget)(void *ctx, struct dm_identity *identity),
    void *ctx, struct dm_scanner **ret, struct dm_err *err)
{
	struct dm_scanner *s = calloc(1, sizeof(*s));

	if (!s)
		return dm_err_nomem(err);
	s->known.forget = forget;
	s->known.ctx = ctx;
	*ret = s;
	return 0;
}

void dm_scanner_free(struct dm_scanner *s)
{
	if (!s)
		return;
	dm_known_release(&s->known);
	free(s->lex.keys);
	free(s->metrics);
	dm_buf_release(&s->plain);
	free(s);
}

struct dm_str dm_scan_name(const struct dm_scanner *s, uint32_t name)
{
	return s->known.by_id[name]->text;
}

int dm_scan_name_id(
    struct dm_scanner *s, struct dm_str name, uint32_t *ret, struct dm_err *err)
{
	struct dm_name *known = dm_known_name(&s->known, name, err);

	if (!known)
		return -1;
	if (!known->pinned) {
		known->pinned = true;
		s->known.n_pinned++;
		s->known.name_bytes -= known->text.n;
	}
	*ret = known->id;
	return 0;
}

size_t dm_scan_n_names(const struct dm_scanner *s)
{
	return s->known.n_names;
}

uint64_t dm_scan_epoch(const struct dm_scanner *s)
{
	return s->known.epoch;
}

static bool scan_ts(struct dm_scanner *s)
{
	struct dm_lex_num number;

	if (!dm_lex_number(&s->lex, &number))
		return false;
	s->has_ts = true;
	if ((!number.has_value && !dm_num_parse(number.text, &number.value)) ||
	    !dm_time_from_seconds(number.value, &s->ts_us))
		return dm_lex_bad(&s->lex, "ts is beyond the years 0 to 9999");
	return true;
}

static bool scan_kind(struct dm_scanner *s)
{
	if (s->lex.p >= s->lex.end || *s->lex.p != '"')
		return dm_lex_bad(&s->lex, "kind is not a string");
	return dm_lex_string(&s->lex, &s->kind, &s->kind_escaped);
}

/* Labels that have not been predicted. */
static bool scan_label_members(struct dm_lex *x)
{
	size_t base = x->n_keys;
	struct dm_lex_key key;
	struct dm_str value;
	bool escaped;

	x->p++;
	if (dm_lex_take(x, '}'))
		return true;
	do {
		if (!dm_lex_key(x, &key))
			return false;
		if (x->p >= x->end || *x->p != '"')
			return dm_lex_bad(x, "a label is not a string");
		if (!dm_lex_string(x, &value, &escaped))
			return false;
	} while (dm_lex_take(x, ','));
	if (!dm_lex_take(x, '}'))
		return dm_lex_bad(x, "expected ',' or '}'");
	return dm_lex_keys_differ(x, base);
}

static struct dm_str moved(struct dm_str text, const char *from, const char *to)
{
	return (struct dm_str){to + (text.p - from), text.n};
}

/* The cursor is where the labels' object begins. */
static void keep_head(struct dm_scanner *s)
{
	const struct dm_lex *x = &s->lex;
	struct head *h = &s->head;
	size_t n = (size_t)(x->p - x->start);

	h->n = 0;
	if (n > sizeof(h->text) || x->n_keys > HEAD_KEYS || s->n_metrics)
		return;
	h->n = n;
	memcpy(h->text, x->start, n);
	h->n_keys = x->n_keys;
	for (size_t i = 0; i < x->n_keys; i++) {
		h->keys[i] = x->keys[i];
		h->keys[i].text = moved(x->keys[i].text, x->start, h->text);
	}
	h->kind = (struct dm_str){"", 0};
	if (s->kind.n)
		h->kind = moved(s->kind, x->start, h->text);
	h->kind_escaped = s->kind_escaped;
	h->has_ts = s->has_ts;
	h->ts_us = s->ts_us;
}

/* Go to the labels' object, where the line begins as the one before. */
static bool skip_head(struct dm_scanner *s)
{
	const struct head *h = &s->head;
	struct dm_lex *x = &s->lex;

	if (h->n == 0 || (size_t)(x->end - x->p) <= h->n ||
	    memcmp(x->p, h->text, h->n) != 0)
		return false;
	x->p += h->n;
	dm_lex_blanks(x); /* there may be more of them */
	/* All texts are the line's own, as if it had been read. */
	for (size_t i = 0; i < h->n_keys; i++) {
		x->keys[i] = h->keys[i];
		x->keys[i].text = moved(h->keys[i].text, h->text, x->start);
	}
	x->n_keys = h->n_keys;
	s->kind = h->kind;
	if (s->kind.n)
		s->kind = moved(h->kind, h->text, x->start);
	s->kind_escaped = h->kind_escaped;
	s->has_ts = h->has_ts;
	s->ts_us = h->ts_us;
	return true;
}

static bool scan_labels(struct dm_scanner *s)
{
	struct dm_identity *guess = s->last ? s->last->next : NULL;
	struct dm_lex *x = &s->lex;
	const char *from = x->p;

	if (from >= x->end || *from != '{')
		return dm_lex_bad(x, "labels is not an object");
	/* An object's text ends with it: where the bytes are those of an
	 * object that has been checked, so is this one. */
	if (guess && guess->labels.n &&
	    guess->labels.n <= (size_t)(x->end - from) &&
	    memcmp(from, guess->labels.p, guess->labels.n) == 0) {
		x->p += guess->labels.n;
		s->identity = guess;
		s->shape = guess->shape;
	} else if (!scan_label_members(x)) {
		return false;
	}
	s->labels = (struct dm_str){from, (size_t)(x->p - from)};
	return true;
}

static bool scan_metric_word(struct dm_scanner *s, struct dm_metric *m)
{
	struct dm_lex *x = &s->lex;
	struct dm_str text;
	bool escaped;

	if (*x->p != '"') {
		m->type = DM_VALUE_NULL;
		s->some_null = true;
		if (*x->p == 'n')
			return dm_lex_value(x);
		return dm_lex_bad(x, "a metric is not a number");
	}
	if (!dm_lex_string(x, &text, &escaped))
		return false;
	if (escaped) {
		dm_buf_clear(&s->plain);
		dm_json_unquote(
		    &s->plain, (struct dm_str){text.p - 1, text.n + 2});
		text = dm_buf_str(&s->plain);
	}
	if (dm_str_is(text, "NaN"))
		m->type = DM_VALUE_NAN;
	else if (dm_str_is(text, "+Inf"))
		m->type = DM_VALUE_POS_INF;
	else if (dm_str_is(text, "-Inf"))
		m->type = DM_VALUE_NEG_INF;
	else
		return dm_lex_bad(x,
		    "a metric is not a number, \"NaN\", \"+Inf\" or \"-Inf\"");
	return true;
}

/*
 * Most values: a number of up to sixteen digits in front of a comma, with
 * bytes enough behind it. False leaves the cursor where it is.
 */
static inline bool scan_common_value(struct dm_lex *x, struct dm_metric *m)
{
	const char *p = x->p;
	uint64_t mantissa = 0;
	unsigned digits, decimals = 0;

	if (x->end - p < 32)
		return false;
	digits = dm_num_eight(p, &mantissa);
	if (digits == 8)
		digits += dm_num_eight(p + 8, &mantissa);
	if (digits == 0 || (*p == '0' && digits > 1))
		return false;
	p += digits;
	if (*p == '.') {
		decimals = dm_num_eight(++p, &mantissa);
		if (decimals == 8)
			decimals += dm_num_eight(p + 8, &mantissa);
		if (decimals == 0)
			return false;
		p += decimals;
	}
	if (*p != ',' || !dm_num_short(mantissa, digits + decimals, decimals,
			     false, &m->value))
		return false;
	m->type = DM_VALUE_NUMBER;
	m->has_value = true;
	m->text = (struct dm_str){x->p, (size_t)(p - x->p)};
	x->p = p;
	return true;
}

static bool scan_metric_value(struct dm_scanner *s, struct dm_metric *m)
{
	struct dm_lex *x = &s->lex;
	const char *from = x->p;

	struct dm_lex_num number;

	if (from < x->end && (*from == '-' || (*from >= '0' && *from <= '9'))) {
		if (!dm_lex_number(x, &number))
			return false;
		m->type = DM_VALUE_NUMBER;
		m->has_value = number.has_value;
		m->text = number.text;
		m->value = number.value;
		return true;
	}
	if (from >= x->end)
		return dm_lex_bad(x, "expected a value");
	m->has_value = false;
	if (!scan_metric_word(s, m))
		return false;
	m->text = (struct dm_str){from, (size_t)(x->p - from)};
	return true;
}

static struct dm_metric *next_metric(struct dm_scanner *s)
{
	if (s->n_metrics == s->cap_metrics) {
		size_t cap = s->cap_metrics ? 2 * s->cap_metrics : 32;
		void *metrics = realloc(s->metrics, cap * sizeof(*s->metrics));

		if (!metrics) {
			dm_err_nomem(s->lex.err);
			return NULL;
		}
		s->metrics = metrics;
		s->cap_metrics = cap;
	}
	return &s->metrics[s->n_metrics];
}

/* A metric's name by reading it. */
static struct dm_name *scan_name(struct dm_scanner *s)
{
	struct dm_lex *x = &s->lex;
	struct dm_name *name;
	struct dm_str text, key;
	bool escaped;

	dm_lex_blanks(x);
	if (!dm_lex_string(x, &text, &escaped))
		return NULL;
	key = text;
	if (escaped) {
		dm_buf_clear(&s->plain);
		dm_json_unquote(
		    &s->plain, (struct dm_str){text.p - 1, text.n + 2});
		text = dm_buf_str(&s->plain);
	}
	if (!dm_lex_take(x, ':')) {
		dm_lex_bad(x, "expected ':'");
		return NULL;
	}
	dm_lex_blanks(x);
	name = dm_known_name(&s->known, text, x->err);
	if (name && name->seen == s->object) {
		dm_lex_twice(x, key);
		return NULL;
	}
	return name;
}

/* The names of the metrics so far have been predicted, and so not marked. */
static void mark_seen(struct dm_scanner *s)
{
	for (size_t i = 0; i < s->n_metrics; i++)
		s->known.by_id[s->metrics[i].name]->seen = s->object;
}

/* Does this name stand at the cursor, as expected? Then goes to its value. */
static inline bool scan_expected_name(
    struct dm_lex *x, const struct dm_name *name)
{
	size_t n = name->key.n;

	if (n == 0 || (size_t)(x->end - x->p) <= n ||
	    memcmp(x->p, name->key.p, n) != 0)
		return false;
	x->p += n;
	if ((unsigned char)*x->p <= ' ')
		dm_lex_blanks(x);
	return true;
}

static bool scan_metric_members(struct dm_scanner *s)
{
	struct dm_shape *shape = s->shape;
	struct dm_lex *x = &s->lex;
	size_t n_expected = shape ? shape->n : 0;

	do {
		struct dm_metric *m = next_metric(s);
		size_t i = s->n_metrics;
		struct dm_name *name;

		if (!m)
			return false;
		if (i < n_expected && scan_expected_name(x, shape->names[i])) {
			name = shape->names[i];
		} else {
			if (shape)
				mark_seen(s);
			shape = NULL;
			n_expected = 0;
			name = scan_name(s);
			if (!name)
				return false;
			name->seen = s->object;
		}
		m->name = name->id;
		if (!scan_common_value(x, m) && !scan_metric_value(s, m))
			return false;
		s->n_metrics++;
	} while (dm_lex_take(x, ','));
	if (shape && s->n_metrics == shape->n)
		s->found_shape = shape;
	return true;
}

static bool scan_metrics(struct dm_scanner *s)
{
	struct dm_lex *x = &s->lex;

	if (x->p >= x->end || *x->p != '{')
		return dm_lex_bad(x, "metrics is not an object");
	x->p++;
	s->object++;
	if (dm_lex_take(x, '}'))
		return true;
	if (!scan_metric_members(s))
		return false;
	if (!dm_lex_take(x, '}'))
		return dm_lex_bad(x, "expected ',' or '}'");
	return true;
}

static bool scan_labels_first(struct dm_scanner *s)
{
	keep_head(s);
	return scan_labels(s);
}

static bool scan_member(struct dm_scanner *s, const struct dm_lex_key *key)
{
	static const struct {
		struct dm_str name;
		bool (*scan)(struct dm_scanner *s);
	} known[] = {
	    {{"ts", 2}, scan_ts},
	    {{"kind", 4}, scan_kind},
	    {{"labels", 6}, scan_labels_first},
	    {{"metrics", 7}, scan_metrics},
	};

	for (size_t i = 0; i < DM_COUNT(known); i++) {
		if (key->escaped ? dm_lex_same(key->text, known[i].name)
				 : dm_str_eq(key->text, known[i].name))
			return known[i].scan(s);
	}
	return dm_lex_value(&s->lex);
}

/* @at_labels  the cursor is behind the key of the labels already */
static bool scan_members(struct dm_scanner *s, bool at_labels)
{
	struct dm_lex *x = &s->lex;
	struct dm_lex_key key;

	do {
		if (at_labels ? !scan_labels(s)
			      : !dm_lex_key(x, &key) || !scan_member(s, &key))
			return false;
		at_labels = false;
	} while (dm_lex_take(x, ','));
	return dm_lex_take(x, '}') || dm_lex_bad(x, "expected ',' or '}'");
}

static bool scan_line(struct dm_scanner *s)
{
	struct dm_lex *x = &s->lex;
	bool at_labels = skip_head(s);

	if (!at_labels && !dm_lex_take(x, '{'))
		return dm_lex_bad(x, "expected '{': not a JSON object");
	if ((at_labels || !dm_lex_take(x, '}')) && !scan_members(s, at_labels))
		return false;
	dm_lex_blanks(x);
	if (x->p != x->end)
		return dm_lex_bad(x, "expected the end of the line");
	if (!dm_lex_keys_differ(x, 0))
		return false;
	if (!s->has_ts) {
		dm_err_set(x->err, DM_EPARSE, "no ts");
		return false;
	}
	return true;
}

/* What the next record's labels will be compared with. */
DM_FETCHES fetch_labels(const struct dm_identity *next)
{
	size_t n = next->labels.n < 512 ? next->labels.n : 512;

	for (size_t i = 0; i < n; i += 64)
		__builtin_prefetch(next->labels.p + i);
}

/* Who it is about, now that all of the line has been seen. */
static int settle_identity(struct dm_scanner *s)
{
	if (s->kind_escaped) {
		dm_buf_clear(&s->plain);
		dm_json_unquote(
		    &s->plain, (struct dm_str){s->kind.p - 1, s->kind.n + 2});
		s->kind = dm_buf_str(&s->plain);
	}
	if (!s->identity || !dm_str_eq(s->identity->kind, s->kind)) {
		s->identity = dm_known_identity(
		    &s->known, s->kind, s->labels, s->lex.err);
		/* Some may have been let go, the last one among them. */
		if (!s->identity)
			return -1;
	}
	s->identity->used = ++s->known.clock;
	if (s->last)
		s->last->next = s->identity;
	s->last = s->identity;
	if (s->last->next)
		fetch_labels(s->last->next);
	return 0;
}

static void settle_shape(struct dm_scanner *s)
{
	if (s->n_metrics == 0)
		return;
	if (!s->found_shape)
		s->found_shape =
		    dm_known_shape(&s->known, s->metrics, s->n_metrics);
	s->identity->shape = s->found_shape;
}

int dm_scan(struct dm_scanner *s, struct dm_str line, struct dm_record *ret,
    struct dm_err *err)
{
	dm_known_let_names_go(&s->known);
	s->lex.start = s->lex.p = line.p;
	s->lex.end = line.p + line.n;
	s->lex.depth = 1;
	s->lex.err = err;
	s->lex.n_keys = 0;
	s->n_metrics = 0;
	s->kind = (struct dm_str){"", 0};
	s->labels = (struct dm_str){"", 0};
	s->identity = NULL;
	s->shape = s->last ? s->last->shape : NULL;
	s->found_shape = NULL;
	s->has_ts = s->some_null = s->kind_escaped = false;
	if (line.n > DM_LINE_MAX_BYTES)
		return dm_err_set(
		    err, DM_ELIMIT, "longer than %d bytes", DM_LINE_MAX_BYTES);
	if (!scan_line(s) || settle_identity(s) < 0)
		return -1;
	settle_shape(s);
	*ret = (struct dm_record){
	    .line = line,
	    .ts_us = s->ts_us,
	    .kind = s->identity->kind_id,
	    .identity = s->identity,
	    .metrics = s->metrics,
	    .n_metrics = s->n_metrics,
	    .shape = s->found_shape && !s->some_null ? s->found_shape->id : 0,
	};
	return 0;
}
