/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/regex-replace.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/utf8.h"
#include "series/matcher.h"

/* Steps of one search: labels come from attackers. */
#define MATCH_LIMIT 100000

struct replacer {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	struct dm_str text, replacement;
	size_t max_bytes;
	struct dm_buf *b;
	struct dm_err *err;
};

static bool is_name_char(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* Add a group by number or name; one that is not there is empty. */
static void add_group(struct replacer *r, struct dm_str name)
{
	const PCRE2_SIZE *o = pcre2_get_ovector_pointer(r->data);
	uint64_t i;
	char cname[64];

	if (!dm_str_u64(name, &i)) {
		int found;

		if (name.n >= sizeof(cname))
			return;
		memcpy(cname, name.p, name.n);
		cname[name.n] = '\0';
		found = pcre2_substring_number_from_name(
		    r->code, (PCRE2_SPTR)cname);
		if (found < 0)
			return;
		i = (uint64_t)found;
	}
	if (i >= pcre2_get_ovector_count(r->data) || o[2 * i] == PCRE2_UNSET ||
	    o[2 * i] > o[2 * i + 1])
		return;
	dm_buf_add(r->b, r->text.p + o[2 * i], o[2 * i + 1] - o[2 * i]);
}

/* The group that a $ names. Returns the bytes taken, 0 where it is only a $. */
static size_t group_name(struct dm_str s, struct dm_str *ret)
{
	bool braces = s.n > 0 && *s.p == '{';
	size_t from = braces ? 1 : 0, n = from;

	while (n < s.n && is_name_char(s.p[n]))
		n++;
	*ret = (struct dm_str){s.p + from, n - from};
	if (ret->n == 0 || (braces && (n == s.n || s.p[n] != '}')))
		return 0;
	return braces ? n + 1 : n;
}

/* Source of the syntax: Go, Regexp.Expand. */
static void add_replacement(struct replacer *r)
{
	struct dm_str s = r->replacement, name;

	for (size_t i = 0; i < s.n; i++) {
		struct dm_str rest = {s.p + i + 1, s.n - i - 1};
		size_t n;

		if (s.p[i] != '$') {
			dm_buf_add_char(r->b, s.p[i]);
		} else if (rest.n > 0 && *rest.p == '$') {
			dm_buf_add_char(r->b, '$');
			i++;
		} else if ((n = group_name(rest, &name)) > 0) {
			add_group(r, name);
			i += n;
		} else {
			dm_buf_add_char(r->b, '$');
		}
	}
}

static int fail_match(struct replacer *r, int rc)
{
	PCRE2_UCHAR why[120];

	pcre2_get_error_message(rc, why, sizeof(why));
	return dm_err_set(
	    r->err, DM_ELIMIT, "reReplaceAll: %s", (const char *)why);
}

static int replace(struct replacer *r)
{
	size_t at = 0, copied = 0;
	const PCRE2_SIZE *o = pcre2_get_ovector_pointer(r->data);
	bool after_match = false;

	while (at <= r->text.n) {
		int rc = pcre2_match(r->code, (PCRE2_SPTR)r->text.p, r->text.n,
		    at, 0, r->data, r->context);

		if (rc == PCRE2_ERROR_NOMATCH)
			break;
		if (rc < 0)
			return fail_match(r, rc);
		dm_buf_add(r->b, r->text.p + copied, o[0] - copied);
		/* Go takes no empty match right behind the last one. */
		if (o[1] > o[0] || !after_match || o[0] > copied)
			add_replacement(r);
		copied = o[1];
		at = o[1];
		after_match = true;
		if (o[1] == o[0]) {
			unsigned n =
			    at < r->text.n
				? dm_utf8_len(r->text.p + at, r->text.n - at)
				: 1;

			at += n ? n : 1;
		}
		if (r->b->n > r->max_bytes)
			return dm_err_set(r->err, DM_ELIMIT,
			    "reReplaceAll: the text is too long");
	}
	dm_buf_add(r->b, r->text.p + copied, r->text.n - copied);
	return dm_buf_ok(r->b, r->err);
}

int dm_regex_replace_all(struct dm_str pattern, struct dm_str replacement,
    struct dm_str text, size_t max_bytes, struct dm_buf *b, struct dm_err *err)
{
	struct replacer r = {.text = text,
	    .replacement = replacement,
	    .max_bytes = max_bytes,
	    .b = b,
	    .err = err};
	struct dm_regex *checked;
	PCRE2_SIZE where;
	int code, rc = -1;

	/* For what RE2 does not have. */
	if (dm_regex_new(pattern, &checked, err) < 0)
		return -1;
	dm_regex_free(checked);
	if (!r.text.p)
		r.text.p = "";
	r.code = pcre2_compile((PCRE2_SPTR)pattern.p, pattern.n,
	    PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DOLLAR_ENDONLY, &code,
	    &where, NULL);
	if (!r.code)
		return dm_err_set(err, DM_EPARSE, "reReplaceAll: bad pattern");
	r.data = pcre2_match_data_create_from_pattern(r.code, NULL);
	r.context = pcre2_match_context_create(NULL);
	if (!r.data || !r.context) {
		dm_err_nomem(err);
	} else {
		pcre2_set_match_limit(r.context, MATCH_LIMIT);
		rc = replace(&r);
	}
	pcre2_match_context_free(r.context);
	pcre2_match_data_free(r.data);
	pcre2_code_free(r.code);
	return rc;
}
