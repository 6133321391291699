/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/log-pattern.h"

#include <ctype.h>

#include "base/array.h"
#include "base/file.h"
#include "base/utf8.h"
#include "record/write.h"

/* Labels that a match has already. */
static const char *const taken[] = {
    "instance", "job", "id", "name", "image", "pattern", "file", "text"};

static bool is_word(struct dm_str s)
{
	if (s.n == 0 || s.n > DM_LOG_NAME_BYTES || isdigit((unsigned char)*s.p))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x80 || (!isalnum(c) && c != '_'))
			return false;
	}
	return true;
}

static int check_group(struct dm_str name, struct dm_err *err)
{
	bool bad = !is_word(name) || dm_str_starts(name, "__") ||
		   dm_str_starts(name, "container_label_");

	for (size_t i = 0; i < DM_COUNT(taken); i++)
		bad |= dm_str_is(name, taken[i]);
	if (bad)
		return dm_err_set(err, DM_EINVAL,
		    "the group %.*s can't be a label", (int)name.n, name.p);
	return 0;
}

/* A name that comes twice, in alternatives, would be a label twice. */
static int check_groups(const struct dm_regex *r, struct dm_err *err)
{
	for (size_t i = 1; i <= dm_regex_n_groups(r); i++) {
		struct dm_str name = dm_regex_group_name(r, i);

		if (name.n && check_group(name, err) < 0)
			return -1;
		for (size_t k = 1; name.n && k < i; k++)
			if (dm_str_eq(name, dm_regex_group_name(r, k)))
				return dm_err_set(err, DM_EINVAL,
				    "two groups are named %.*s", (int)name.n,
				    name.p);
	}
	return 0;
}

static int set_where(
    struct dm_log_pattern *p, struct dm_str where, struct dm_err *err)
{
	static const char container[] = "container:";
	size_t n = strlen(container);

	if (dm_str_starts(where, container)) {
		where = (struct dm_str){where.p + n, where.n - n};
		return dm_regex_new(where, &p->containers, err);
	}
	if (where.n == 0 || *where.p != '/')
		return dm_err_set(err, DM_EINVAL,
		    "neither /a/path nor container:NAME stands behind the "
		    "name");
	p->glob = dm_str_dup(where);
	return p->glob ? 0 : dm_err_nomem(err);
}

static void release(struct dm_log_pattern *p)
{
	free(p->name);
	free(p->glob);
	dm_regex_free(p->containers);
	dm_regex_free(p->regex);
}

static int read_line(
    struct dm_log_pattern *p, struct dm_str rest, struct dm_err *err)
{
	struct dm_str name = {"", 0}, where = {"", 0};

	(void)dm_str_word(&rest, &name);
	if (!is_word(name))
		return dm_err_set(err, DM_EINVAL,
		    "a line begins with a name: letters, digits and _, %d of "
		    "them at most",
		    DM_LOG_NAME_BYTES);
	(void)dm_str_word(&rest, &where);
	rest = rest.p ? dm_str_trim(rest) : (struct dm_str){"", 0};
	p->name = dm_str_dup(name);
	if (!p->name)
		return dm_err_nomem(err);
	if (set_where(p, where, err) < 0)
		return -1;
	if (rest.n == 0)
		return dm_err_set(
		    err, DM_EINVAL, "there is no regular expression");
	if (dm_regex_new_find(rest, &p->regex, err) < 0)
		return -1;
	return check_groups(p->regex, err);
}

static int add(
    struct dm_log_patterns *p, struct dm_str line, struct dm_err *err)
{
	struct dm_log_pattern one = {0};

	if (p->n == DM_LOG_PATTERNS_MAX)
		return dm_err_set(err, DM_EINVAL, "more than %d patterns",
		    DM_LOG_PATTERNS_MAX);
	if (read_line(&one, line, err) < 0 ||
	    dm_array_grow(&p->list, p->n, &p->cap, sizeof(one), err) < 0) {
		release(&one);
		return -1;
	}
	while (
	    one.first < p->n && strcmp(one.name, p->list[one.first].name) != 0)
		one.first++;
	p->list[p->n++] = one;
	return 0;
}

int dm_log_patterns_add(struct dm_log_patterns *p, struct dm_str text,
    const char *file, struct dm_err *err)
{
	struct dm_str line;
	unsigned n = 0;

	while (dm_str_line(&text, &line)) {
		n++;
		line = dm_str_trim(line);
		if (line.n == 0 || *line.p == '#')
			continue;
		if (add(p, line, err) == 0)
			continue;
		if (err && err->code != DM_ENOMEM) {
			err->code = DM_EINVAL;
			err->line = n;
			err->column = 0;
			return dm_err_file(err, file);
		}
		return -1;
	}
	return 0;
}

int dm_log_patterns_load(
    struct dm_log_patterns *p, const char *path, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf text = {0};

	if (dm_file_read(path, DM_LOG_FILE_BYTES, &text, err) < 0)
		return -1;
	return dm_log_patterns_add(p, dm_buf_str(&text), path, err);
}

void dm_log_patterns_release(struct dm_log_patterns *p)
{
	for (size_t i = 0; i < p->n; i++)
		release(&p->list[i]);
	free(p->list);
	*p = (struct dm_log_patterns){0};
}

dm_log_set dm_log_patterns_of_files(const struct dm_log_patterns *p)
{
	dm_log_set set = 0;

	for (size_t i = 0; i < p->n; i++)
		if (p->list[i].glob)
			set |= UINT64_C(1) << i;
	return set;
}

dm_log_set dm_log_names(const struct dm_log_patterns *p, dm_log_set set)
{
	dm_log_set names = 0;

	for (size_t i = 0; i < p->n; i++)
		if (set & UINT64_C(1) << i)
			names |= UINT64_C(1) << p->list[i].first;
	return names;
}

dm_log_set dm_log_patterns_of_container(
    const struct dm_log_patterns *p, struct dm_str name)
{
	dm_log_set set = 0;

	for (size_t i = 0; i < p->n; i++)
		if (p->list[i].containers &&
		    dm_regex_matches(p->list[i].containers, name))
			set |= UINT64_C(1) << i;
	return set;
}

void dm_log_patterns_match(const struct dm_log_patterns *p, dm_log_set set,
    struct dm_str line,
    void (*matched)(void *ctx, size_t i, struct dm_str line), void *ctx,
    uint64_t *failed)
{
	dm_log_set told = 0;

	for (size_t i = 0; i < p->n; i++) {
		dm_log_set first = UINT64_C(1) << p->list[i].first;
		int rc;

		if (!(set & UINT64_C(1) << i) || told & first)
			continue;
		rc = dm_regex_find(p->list[i].regex, line, NULL);
		*failed += rc < 0;
		if (rc <= 0)
			continue;
		told |= first;
		matched(ctx, i, line);
	}
}

struct dm_str dm_log_cut(struct dm_str s, size_t max_bytes)
{
	if (s.n <= max_bytes)
		return s;
	s.n = max_bytes;
	while (s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
		s.n--;
	return s;
}

void dm_log_pattern_labels(const struct dm_log_pattern *p, struct dm_str line,
    size_t max_bytes, struct dm_buf *labels)
{
	size_t n = dm_regex_n_groups(p->regex);
	struct dm_str value;

	if (n == 0 || dm_regex_find_groups(p->regex, line, NULL) <= 0)
		return;
	for (size_t i = 1; i <= n; i++) {
		struct dm_str name = dm_regex_group_name(p->regex, i);
		char text[DM_LOG_NAME_BYTES + 1];

		if (name.n == 0 || !dm_regex_group(p->regex, line, i, &value))
			continue;
		value = dm_log_cut(value, max_bytes);
		memcpy(text, name.p, name.n);
		text[name.n] = '\0';
		dm_record_label_bytes(labels, text, value);
	}
}

struct dm_str dm_log_text(struct dm_str line, struct dm_buf *scratch)
{
	if (dm_utf8_valid(line.p, line.n))
		return line;
	dm_buf_clear(scratch);
	for (size_t i = 0; i < line.n;) {
		unsigned n = dm_utf8_len(line.p + i, line.n - i);

		if (n)
			dm_buf_add(scratch, line.p + i, n);
		else
			dm_utf8_add(scratch, 0xfffd);
		i += n ? n : 1;
	}
	return scratch->failed ? (struct dm_str){"", 0} : dm_buf_str(scratch);
}
