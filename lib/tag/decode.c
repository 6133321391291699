/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "tag/decode.h"

#include <math.h>

#include "base/array.h"

static void read_label(const char *text, struct dm_label *ret)
{
	*ret = (struct dm_label){DM_LABEL_TEXT, text, {-1, -1}};
	if (strcmp(text, "O") == 0)
		ret->kind = DM_LABEL_OUTSIDE;
	else if (strncmp(text, "B-", 2) == 0)
		ret->kind = DM_LABEL_BEGIN;
	else if (strncmp(text, "I-", 2) == 0)
		ret->kind = DM_LABEL_INSIDE;
	if (ret->kind == DM_LABEL_BEGIN || ret->kind == DM_LABEL_INSIDE)
		ret->type += 2;
}

/* What label i may stand behind, if it is an I-. */
static int link_label(struct dm_labels *l, unsigned i, struct dm_err *err)
{
	struct dm_label *label = &l->list[i];

	for (unsigned j = 0; j < l->n; j++) {
		const struct dm_label *other = &l->list[j];

		if (strcmp(label->type, other->type) != 0)
			continue;
		if (j < i && other->kind == label->kind)
			return dm_err_set(err, DM_EPARSE,
			    "id2label: two labels for %s", label->type);
		if (other->kind == DM_LABEL_BEGIN)
			label->before[0] = (int)j;
	}
	if (label->kind != DM_LABEL_INSIDE)
		return 0;
	label->before[1] = (int)i;
	return label->before[0] >= 0
		   ? 0
		   : dm_err_set(err, DM_EPARSE, "id2label: I-%s without B-%s",
			 label->type, label->type);
}

int dm_labels_read(
    const struct dm_tag_config *c, struct dm_labels *ret, struct dm_err *err)
{
	DM_AUTO_FREE struct dm_label *list = calloc(c->n_labels, sizeof(*list));
	struct dm_labels l = {list, c->n_labels};
	bool outside = false;

	if (!list)
		return dm_err_nomem(err);
	for (unsigned i = 0; i < l.n; i++) {
		read_label(c->labels[i], &list[i]);
		outside |= list[i].kind == DM_LABEL_OUTSIDE;
	}
	if (!outside)
		return dm_err_set(
		    err, DM_EPARSE, "id2label: there is no label O");
	for (unsigned i = 0; i < l.n; i++)
		if (link_label(&l, i, err) < 0)
			return -1;
	dm_steal(&list);
	*ret = l;
	return 0;
}

void dm_labels_release(struct dm_labels *l)
{
	free(l->list);
	*l = (struct dm_labels){0};
}

static int make_room(struct dm_tagged *t, unsigned n_labels, struct dm_err *err)
{
	size_t n = t->tokens.n;

	if (n <= t->room && n_labels <= t->room_labels)
		return 0;
	t->room = 0;
	free(t->labels);
	free(t->ratios);
	free(t->scratch);
	free(t->scores);
	t->labels = calloc(n, sizeof(*t->labels));
	t->ratios = calloc(n, sizeof(*t->ratios));
	t->scratch = calloc(n, n_labels * sizeof(*t->scratch));
	t->scores = calloc(2, n_labels * sizeof(*t->scores));
	if (!t->labels || !t->ratios || !t->scratch || !t->scores)
		return dm_err_nomem(err);
	t->room = n;
	t->room_labels = n_labels;
	return 0;
}

/* e^logit over the sum of those of the labels of its sort. */
static float ratio(const struct dm_labels *l, const float *logits, unsigned i)
{
	bool text = l->list[i].kind == DM_LABEL_TEXT;
	double sum = 0;

	for (unsigned j = 0; j < l->n; j++)
		if ((l->list[j].kind == DM_LABEL_TEXT) == text)
			sum += exp((double)logits[j] - (double)logits[i]);
	return (float)(1 / sum);
}

static void judge(
    const struct dm_labels *l, const float *logits, struct dm_tagged *t)
{
	int best = -1;

	t->verdict = NULL;
	t->verdict_ratio = 0;
	for (unsigned i = 0; i < l->n; i++)
		if (l->list[i].kind == DM_LABEL_TEXT &&
		    (best < 0 || logits[i] > logits[best]))
			best = (int)i;
	if (best < 0)
		return;
	t->verdict = l->list[best].type;
	t->verdict_ratio = ratio(l, logits, (unsigned)best);
}

/* The best of those that label i may stand behind; -1: none. */
static int best_before(
    const struct dm_labels *l, unsigned i, const float *scores, int best)
{
	const struct dm_label *label = &l->list[i];

	if (label->kind != DM_LABEL_INSIDE)
		return best;
	return scores[label->before[0]] >= scores[label->before[1]]
		   ? label->before[0]
		   : label->before[1];
}

/* One token further: what each label scores on the best way to it, and the
 * label before it on that. Nothing has gone before the first. */
static void step(const struct dm_labels *l, const float *logits, bool first,
    const float *scores, float *next, int *before)
{
	int best = -1;

	for (unsigned i = 0; !first && i < l->n; i++)
		if (l->list[i].kind != DM_LABEL_TEXT &&
		    (best < 0 || scores[i] > scores[best]))
			best = (int)i;
	for (unsigned i = 0; i < l->n; i++) {
		enum dm_label_kind kind = l->list[i].kind;

		before[i] = first ? -1 : best_before(l, i, scores, best);
		if (kind == DM_LABEL_TEXT || (first && kind == DM_LABEL_INSIDE))
			next[i] = -INFINITY;
		else
			next[i] = logits[i] + (first ? 0 : scores[before[i]]);
	}
}

/* [CLS] and [SEP] are O, the tokens between them what scores best. */
static void find_labels(
    const struct dm_labels *l, const float *logits, struct dm_tagged *t)
{
	float *scores = t->scores, *next = t->scores + l->n;
	size_t last = t->tokens.n - 1;
	int label = 0;

	while (l->list[label].kind != DM_LABEL_OUTSIDE)
		label++;
	t->labels[0] = t->labels[last] = (unsigned)label;
	t->ratios[0] = t->ratios[last] = 1;
	for (size_t i = 1; i < last; i++) {
		float *swap = scores;

		step(l, logits + i * l->n, i == 1, scores, next,
		    t->scratch + i * l->n);
		scores = next;
		next = swap;
	}
	for (unsigned i = 0; last > 1 && i < l->n; i++)
		if (l->list[i].kind != DM_LABEL_TEXT &&
		    scores[i] > scores[label])
			label = (int)i;
	for (size_t i = last - 1; i > 0; i--) {
		t->labels[i] = (unsigned)label;
		t->ratios[i] = ratio(l, logits + i * l->n, (unsigned)label);
		label = t->scratch[i * l->n + (unsigned)label];
	}
}

static int add_span(struct dm_tagged *t, const char *type, size_t from,
    size_t to, struct dm_err *err)
{
	struct dm_span s = {
	    type, t->tokens.list[from].begin, t->tokens.list[to - 1].end, 0, 1};

	for (size_t i = from; i < to; i++) {
		s.mean_ratio += t->ratios[i] / (float)(to - from);
		if (t->ratios[i] < s.min_ratio)
			s.min_ratio = t->ratios[i];
	}
	if (dm_array_grow(&t->spans, t->n, &t->cap, sizeof(s), err) < 0)
		return -1;
	t->spans[t->n++] = s;
	return 0;
}

static int find_spans(
    const struct dm_labels *l, struct dm_tagged *t, struct dm_err *err)
{
	for (size_t i = 0; i < t->tokens.n;) {
		const struct dm_label *label = &l->list[t->labels[i]];
		size_t from = i++;

		if (label->kind != DM_LABEL_BEGIN)
			continue;
		while (i < t->tokens.n &&
		       l->list[t->labels[i]].kind == DM_LABEL_INSIDE)
			i++;
		if (add_span(t, label->type, from, i, err) < 0)
			return -1;
	}
	return 0;
}

int dm_decode(const struct dm_labels *l, const float *logits,
    struct dm_tagged *ret, struct dm_err *err)
{
	ret->n = 0;
	if (make_room(ret, l->n, err) < 0)
		return -1;
	judge(l, logits, ret);
	find_labels(l, logits, ret);
	return find_spans(l, ret, err);
}

void dm_tagged_release(struct dm_tagged *t)
{
	dm_tokens_release(&t->tokens);
	free(t->spans);
	free(t->labels);
	free(t->ratios);
	free(t->scratch);
	free(t->scores);
	*t = (struct dm_tagged){0};
}
