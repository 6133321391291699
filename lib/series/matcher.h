/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_SERIES_MATCHER_H
#define DM_SERIES_MATCHER_H

#include "series/labels.h"
#include "series/regex.h"

enum dm_match {
	DM_MATCH_EQ,  /* =  */
	DM_MATCH_NE,  /* != */
	DM_MATCH_RE,  /* =~ */
	DM_MATCH_NRE, /* !~ */
};

/** One matcher of a selector. A label that is missing has the value "". */
struct dm_matcher {
	enum dm_match op;
	char *name;
	char *value;
	struct dm_str name_str, value_str;
	struct dm_regex *regex; /* of =~ and !~ */
};

/** @ret  set up on success only; copies the texts */
int dm_matcher_init(struct dm_matcher *ret, enum dm_match op,
    struct dm_str name, struct dm_str value, struct dm_err *err) DM_MUST_CHECK;
void dm_matcher_release(struct dm_matcher *m);

/** Returns 1, 0, or -1 with DM_ELIMIT: as dm_regex_match. */
int dm_matcher_match(const struct dm_matcher *m, struct dm_str value,
    struct dm_err *err) DM_MUST_CHECK;

/** The same, false where it can't be found out. */
bool dm_matcher_matches(const struct dm_matcher *m, struct dm_str value);

/** Which samples an expression looks at. */
struct dm_selector {
	/** Equality on __name__ ({0} where there is none); it is not among
	 * the matchers. */
	struct dm_str name;
	struct dm_matcher *matchers;
	size_t n;
	/** How far before an evaluation it looks: offset, ranges and
	 * subqueries added; the lookback of instant selectors is not in it. */
	int64_t reach_us;
	/** How far behind an evaluation, by negative offsets. */
	int64_t ahead_us;
	/** It looks at (from_us, to_us], whenever it is evaluated; reach_us
	 * and ahead_us are 0. The lookback is not in it. */
	bool is_fixed;
	int64_t from_us, to_us;
};

/** Does a series belong to it? Returns 1, 0, or -1 with DM_ELIMIT. */
int dm_selector_match(const struct dm_selector *s, const struct dm_name *name,
    const struct dm_labels *labels, struct dm_err *err) DM_MUST_CHECK;

/** Same name and same matchers, whatever their reach. */
bool dm_selector_equal(
    const struct dm_selector *a, const struct dm_selector *b);

/** How its name is written in error messages. */
void dm_selector_print(struct dm_buf *b, const struct dm_selector *s);

#endif
