/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_TAG_DECODE_H
#define DM_TAG_DECODE_H

#include "tag/config.h"
#include "tag/tokens.h"

/*
 * From logits to spans. Labels are O, B-TYPE and I-TYPE; I-TYPE stands only
 * behind B-TYPE or I-TYPE. All others, RULE and NORULE, are about the whole
 * text and are read at [CLS].
 */

enum dm_label_kind {
	DM_LABEL_OUTSIDE,
	DM_LABEL_BEGIN,
	DM_LABEL_INSIDE,
	DM_LABEL_TEXT,
};

struct dm_label {
	enum dm_label_kind kind;
	const char *type; /* behind B- or I-, or the label; lent */
	int before[2];	  /* what an I- may stand behind; -1: nothing more */
};

struct dm_labels {
	struct dm_label *list; /* by id */
	unsigned n;
};

/**
 * @c    lent
 * @ret  to be released
 * DM_EPARSE where there is no O, a label stands twice, or an I-TYPE has no
 * B-TYPE.
 */
int dm_labels_read(const struct dm_tag_config *c, struct dm_labels *ret,
    struct dm_err *err) DM_MUST_CHECK;

void dm_labels_release(struct dm_labels *l);

struct dm_span {
	const char *type;    /* lent by the labels */
	uint32_t begin, end; /* bytes of the text */
	/* The probabilities of its tokens' labels. */
	float mean_ratio, min_ratio;
};

/** {0} is empty. */
struct dm_tagged {
	struct dm_tokens tokens;
	struct dm_span *spans; /* in the text's order; none overlap */
	size_t n, cap;
	/* The label of the whole text, with its probability among those;
	 * NULL where the model has none. */
	const char *verdict;
	float verdict_ratio;
	unsigned *labels; /* by token; [CLS] and [SEP] have O's */
	float *ratios;	  /* the probability of that */
	size_t room;	  /* tokens that those two and scratch have room for */
	unsigned room_labels;
	int *scratch;
	float *scores;
};

/**
 * The most probable legal labels of a text, and the spans that they are.
 * @logits  [ret->tokens.n][l->n], finite
 * @ret     its tokens are set; the rest is replaced
 * Source: Viterbi, 1967; transitions weigh nothing, or are forbidden.
 */
int dm_decode(const struct dm_labels *l, const float *logits,
    struct dm_tagged *ret, struct dm_err *err) DM_MUST_CHECK;

void dm_tagged_release(struct dm_tagged *t);

#endif
