/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>

#include "rules/template-ast.h"
#include "series/regex.h"

/* The functions of templates that are about texts. Source: Prometheus,
 * template/template.go and util/strutil/strconv.go; Go, net and net/url. */

static bool is_word_char(char c)
{
	return c == '_' || c == '\'' || (c & 0x80) || (c >= '0' && c <= '9') ||
	       (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char to_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static char to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Letters of ASCII only change. */
static int change_case(struct expand *x, const struct tv *a, const char *who,
    char (*change)(char), struct tv *ret)
{
	struct dm_buf b = {0};

	if (dm_expand_text(x, a, who) < 0)
		return -1;
	for (size_t i = 0; i < a->s.n; i++) {
		bool all = change != NULL;
		bool start = i == 0 || !is_word_char(a->s.p[i - 1]) ||
			     a->s.p[i - 1] == '\'';
		char c = a->s.p[i];

		dm_buf_add_char(&b, all ? change(c) : start ? to_upper(c) : c);
	}
	return dm_expand_string(x, &b, ret);
}

static int f_to_upper(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	(void)n;
	return change_case(x, a, "toUpper", to_upper, ret);
}

static int f_to_lower(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	(void)n;
	return change_case(x, a, "toLower", to_lower, ret);
}

static int f_title(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	(void)n;
	return change_case(x, a, "title", NULL, ret);
}

static int f_match(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	DM_AUTO_BUF struct dm_buf all = {0};
	struct dm_regex *re;
	int rc;

	(void)n;
	if (dm_expand_text(x, &a[0], "match") < 0 ||
	    dm_expand_text(x, &a[1], "match") < 0)
		return -1;
	/* The matcher is anchored, this function is not. */
	dm_buf_add_cstr(&all, "(?s:.*)(?-s:");
	dm_buf_add_str(&all, a[0].s);
	dm_buf_add_cstr(&all, ")(?s:.*)");
	if (dm_buf_ok(&all, x->err) < 0 ||
	    dm_regex_new(a[0].s, &re, x->err) < 0)
		return -1;
	dm_regex_free(re);
	if (dm_regex_new(dm_buf_str(&all), &re, x->err) < 0)
		return -1;
	rc = dm_regex_match(re, a[1].s, x->err);
	dm_regex_free(re);
	*ret = (struct tv){.type = TV_BOOL, .b = rc > 0};
	return rc < 0 ? -1 : 0;
}

static int f_re_replace_all(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	struct dm_buf b = {0};
	struct dm_regex *re;
	int rc;

	for (size_t i = 0; i < n; i++)
		if (dm_expand_text(x, &a[i], "reReplaceAll") < 0)
			return -1;
	if (dm_regex_new_search(a[0].s, &re, x->err) < 0)
		return -1;
	rc = dm_regex_replace_all(
	    re, a[2].s, a[1].s, DM_TEMPLATE_MAX_BYTES, &b, x->err);
	dm_regex_free(re);
	if (rc < 0) {
		dm_buf_release(&b);
		return -1;
	}
	return dm_expand_string(x, &b, ret);
}

/* host:port and [host]:port. Source: Go, net.SplitHostPort. */
static bool split_port(
    struct dm_str s, struct dm_str *ret_host, struct dm_str *ret_port)
{
	size_t colon = s.n;
	bool brackets = s.n > 0 && s.p[0] == '[';

	while (colon > 0 && s.p[colon - 1] != ':')
		colon--;
	if (colon == 0)
		return false;
	*ret_host = (struct dm_str){s.p, colon - 1};
	*ret_port = (struct dm_str){s.p + colon, s.n - colon};
	if (brackets) {
		if (ret_host->n < 2 || ret_host->p[ret_host->n - 1] != ']')
			return false;
		*ret_host = (struct dm_str){s.p + 1, ret_host->n - 2};
	} else if (ret_host->n > 0 && memchr(s.p, ':', ret_host->n)) {
		return false;
	}
	return (ret_host->n == 0 ||
		   (!memchr(ret_host->p, '[', ret_host->n) &&
		       !memchr(ret_host->p, ']', ret_host->n))) &&
	       (ret_port->n == 0 ||
		   (!memchr(ret_port->p, '[', ret_port->n) &&
		       !memchr(ret_port->p, ']', ret_port->n)));
}

static int f_strip_port(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	struct dm_str host, port;

	(void)n;
	if (dm_expand_text(x, a, "stripPort") < 0)
		return -1;
	*ret = tv_string(split_port(a->s, &host, &port) ? host : a->s);
	return 0;
}

static bool is_address(struct dm_str s)
{
	char text[INET6_ADDRSTRLEN + 1], bytes[16];

	if (s.n >= sizeof(text))
		return false;
	if (s.n > 0)
		memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return inet_pton(AF_INET, text, bytes) == 1 ||
	       inet_pton(AF_INET6, text, bytes) == 1;
}

static int f_strip_domain(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	struct dm_str host, port = {0};
	struct dm_buf b = {0};

	(void)n;
	if (dm_expand_text(x, a, "stripDomain") < 0)
		return -1;
	if (!split_port(a->s, &host, &port)) {
		host = a->s;
		port.n = 0;
	}
	*ret = *a;
	if (is_address(host))
		return 0;
	for (size_t i = 0; i < host.n; i++)
		if (host.p[i] == '.')
			host.n = i;
	dm_buf_add_str(&b, host);
	if (port.n > 0) {
		bool brackets = host.n > 0 && memchr(host.p, ':', host.n);

		dm_buf_clear(&b);
		dm_buf_addf(
		    &b, brackets ? "[%.*s]:" : "%.*s:", (int)host.n, host.p);
		dm_buf_add_str(&b, port);
	}
	return dm_expand_string(x, &b, ret);
}

/* Source: Go, url.QueryEscape. */
static void add_query_escaped(struct dm_buf *b, struct dm_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		    (c >= 'A' && c <= 'Z') || (c && strchr("-_.~", c)))
			dm_buf_add_char(b, c);
		else if (c == ' ')
			dm_buf_add_char(b, '+');
		else
			dm_buf_addf(b, "%%%02X", (unsigned char)c);
	}
}

static int give_link(struct expand *x, const struct tv *a, const char *who,
    const char *tab, struct tv *ret)
{
	struct dm_buf b = {0};

	if (dm_expand_text(x, a, who) < 0)
		return -1;
	dm_buf_add_cstr(&b, "/graph?g0.expr=");
	add_query_escaped(&b, a->s);
	dm_buf_addf(&b, "&g0.tab=%s", tab);
	return dm_expand_string(x, &b, ret);
}

static int f_table_link(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	(void)n;
	return give_link(x, a, "tableLink", "1", ret);
}

static int f_graph_link(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	(void)n;
	return give_link(x, a, "graphLink", "0", ret);
}

static int f_url_query_escape(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	struct dm_buf b = {0};

	(void)n;
	if (dm_expand_text(x, a, "urlQueryEscape") < 0)
		return -1;
	add_query_escaped(&b, a->s);
	return dm_expand_string(x, &b, ret);
}

/* What Go's html and urlquery look at: the arguments as print prints them. */
static int join(struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	return dm_template_func(DM_STR("print"))->call(x, a, n, ret);
}

static int f_urlquery(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	struct dm_buf b = {0};
	struct tv text;

	if (join(x, a, n, &text) < 0)
		return -1;
	add_query_escaped(&b, text.s);
	return dm_expand_string(x, &b, ret);
}

static int f_html(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	static const char from[] = "&<>\"'";
	static const char *const to[] = {
	    "&amp;", "&lt;", "&gt;", "&#34;", "&#39;", "\357\277\275"};
	struct dm_buf b = {0};
	struct tv text;

	if (join(x, a, n, &text) < 0)
		return -1;
	for (size_t i = 0; i < text.s.n; i++) {
		/* A NUL is found at the end, and becomes U+FFFD. */
		const char *known = strchr(from, text.s.p[i]);

		if (known)
			dm_buf_add_cstr(&b, to[known - from]);
		else
			dm_buf_add_char(&b, text.s.p[i]);
	}
	return dm_expand_string(x, &b, ret);
}

static int f_safe_html(
    struct expand *x, const struct tv *a, size_t n, struct tv *ret)
{
	(void)n;
	*ret = *a;
	return dm_expand_text(x, a, "safeHtml");
}

const struct tfunc dm_tfuncs_text[] = {
    {"graphLink", 1, 1, f_graph_link, false, false},
    {"html", 1, TFUNC_ARGS_MAX, f_html, false, false},
    {"match", 2, 2, f_match, false, false},
    {"reReplaceAll", 3, 3, f_re_replace_all, false, false},
    {"safeHtml", 1, 1, f_safe_html, false, false},
    {"stripDomain", 1, 1, f_strip_domain, false, false},
    {"stripPort", 1, 1, f_strip_port, false, false},
    {"tableLink", 1, 1, f_table_link, false, false},
    {"title", 1, 1, f_title, false, false},
    {"toLower", 1, 1, f_to_lower, false, false},
    {"toUpper", 1, 1, f_to_upper, false, false},
    {"urlQueryEscape", 1, 1, f_url_query_escape, false, false},
    {"urlquery", 1, TFUNC_ARGS_MAX, f_urlquery, false, false},
    {.name = NULL},
};
