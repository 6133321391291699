/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_SERIES_REGEX_H
#define DM_SERIES_REGEX_H

#include "base/buf.h"

struct dm_regex;

/**
 * A regular expression in RE2's syntax, anchored at both ends, `.` matching
 * newlines too, as in Prometheus 3. It is translated to PCRE2's and matched
 * by its DFA matcher, which does not back-track. What RE2 does not have
 * (look-around, back references, possessive and atomic groups, recursion) is
 * refused.
 * Returns 0, or -1 with DM_EPARSE and a message that says at which character
 * of the pattern; DM_ELIMIT when it is too large.
 */
int dm_regex_new(struct dm_str pattern, struct dm_regex **ret,
    struct dm_err *err) DM_MUST_CHECK;
void dm_regex_free(struct dm_regex *r);

/**
 * Does it match all of a text?
 * Returns 1, 0, or -1 with DM_ELIMIT when that would take too long to find
 * out: the longer the text, the fewer alternatives may be followed at once.
 */
int dm_regex_match(
    struct dm_regex *r, struct dm_str text, struct dm_err *err) DM_MUST_CHECK;

/** The same, false where it can't be found out. */
bool dm_regex_matches(struct dm_regex *r, struct dm_str text);

/** Do its groups match what RE2's do? Not those of ((a)*)+, where one that may
 * match nothing is repeated. */
bool dm_regex_has_sure_groups(const struct dm_regex *r);

/**
 * Where it matches all of a text, add a template in which $1, ${1}, $name,
 * ${name} stand for groups, $$ for a dollar.
 * Returns 1, 0 where it does not match, or -1 with DM_ELIMIT when that would
 * take too long or gives a text that is too long; DM_ENOMEM.
 * Source of the syntax: Go, Regexp.Expand.
 */
int dm_regex_expand(struct dm_regex *r, struct dm_str text,
    struct dm_str pattern, struct dm_buf *b, struct dm_err *err) DM_MUST_CHECK;

/**
 * A regular expression in RE2's syntax that may match anywhere in a text, as
 * Go's regexp: for dm_regex_replace_all only.
 */
int dm_regex_new_search(struct dm_str pattern, struct dm_regex **ret,
    struct dm_err *err) DM_MUST_CHECK;

/**
 * Add a text in which all that matches has been replaced by a template, as of
 * dm_regex_expand.
 * @max_bytes  of the result
 * Returns 0, or -1 with DM_ELIMIT when that would take too long or gives a
 * text that is too long; DM_EINVAL for a group in the template that is not
 * sure to be RE2's; DM_ENOMEM.
 * Source: Go, Regexp.ReplaceAllString.
 */
int dm_regex_replace_all(struct dm_regex *r, struct dm_str text,
    struct dm_str pattern, size_t max_bytes, struct dm_buf *b,
    struct dm_err *err) DM_MUST_CHECK;

/**
 * A regular expression in RE2's syntax that may match anywhere in a line: for
 * dm_regex_find. It begins as far to the left as it can; `.` matches no
 * newline.
 * Returns as dm_regex_new; DM_EINVAL too, where a group has a name and it is
 * not sure that it matches what RE2's does.
 */
int dm_regex_new_find(struct dm_str pattern, struct dm_regex **ret,
    struct dm_err *err) DM_MUST_CHECK;

/**
 * Does it match somewhere in a text, which is UTF-8? Nothing back-tracks: it
 * takes a tenth of a second at most, however the text was chosen.
 * Returns 1, 0, or -1 with DM_ELIMIT when that would take too long, DM_ENOMEM.
 */
int dm_regex_find(
    struct dm_regex *r, struct dm_str text, struct dm_err *err) DM_MUST_CHECK;

/**
 * Look for the groups in a text that dm_regex_find has said 1 of, by so many
 * steps at most.
 * Returns 1, 0, or -1 with DM_ELIMIT when it takes more of them, DM_ENOMEM.
 */
int dm_regex_find_groups(
    struct dm_regex *r, struct dm_str text, struct dm_err *err) DM_MUST_CHECK;

/** Behind a dm_regex_find_groups that said 1: what group i has matched, from
 * 1, in that text. Returns false where it has no part in the match. */
bool dm_regex_group(
    const struct dm_regex *r, struct dm_str text, size_t i, struct dm_str *ret);

/** How many groups there are, and the name of one, from 1: empty, it has
 * none. */
size_t dm_regex_n_groups(const struct dm_regex *r);
struct dm_str dm_regex_group_name(const struct dm_regex *r, size_t i);

struct dm_regex_groups {
	/* By their number less 1; empty for one without. Each its own
	 * allocation. */
	struct dm_str *names;
	size_t n, cap;
	/* One that may match nothing is repeated: RE2 and PCRE2 differ in
	 * what it has matched last. */
	bool repeats_empty;
};

void dm_regex_groups_release(struct dm_regex_groups *g);

/**
 * Add a pattern of RE2's syntax as one of PCRE2's, to be compiled with
 * DM_REGEX_OPTIONS and newlines being \n; (?s) is not set. Groups are
 * numbered, not named.
 * @groups  gets their names
 * Returns 0, or -1 with DM_EPARSE, DM_ELIMIT or DM_ENOMEM.
 */
int dm_regex_translate(struct dm_str pattern, struct dm_buf *b,
    struct dm_regex_groups *groups, struct dm_err *err) DM_MUST_CHECK;

#define DM_REGEX_OPTIONS                                                       \
	(PCRE2_UTF | PCRE2_ALT_CIRCUMFLEX | PCRE2_NEVER_UCP |                  \
	    PCRE2_NEVER_BACKSLASH_C)

#endif
