/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "record/write.h"

#include "base/utf8.h"
#include "record/lex.h"

static void add_escape(struct dm_buf *b, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";
	char text[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};

	switch (c) {
	case '"':
		dm_buf_add(b, "\\\"", 2);
		return;
	case '\\':
		dm_buf_add(b, "\\\\", 2);
		return;
	case '\n':
		dm_buf_add(b, "\\n", 2);
		return;
	case '\t':
		dm_buf_add(b, "\\t", 2);
		return;
	default:
		dm_buf_add(b, text, sizeof(text));
	}
}

/* @readable  escape a backslash of the text too, so that it can be told from
 *            those that we write */
static void quote(struct dm_buf *b, struct dm_str s, bool readable)
{
	size_t clean = 0;

	dm_buf_add_char(b, '"');
	for (size_t i = dm_lex_plain(s.p, s.n); i < s.n;) {
		unsigned char c = (unsigned char)s.p[i];
		unsigned len = dm_utf8_len(s.p + i, s.n - i);

		if (len > 1 ||
		    (len == 1 && c >= 0x20 && c != '"' && c != '\\')) {
			i += len;
			continue;
		}
		dm_buf_add(b, s.p + clean, i - clean);
		if (len == 0 || c == 0)
			dm_buf_addf(b, "\\\\x%02x", c);
		else
			add_escape(b, c);
		if (c == '\\' && readable)
			add_escape(b, c);
		clean = ++i;
	}
	dm_buf_add(b, s.p + clean, s.n - clean);
	dm_buf_add_char(b, '"');
}

void dm_json_quote(struct dm_buf *b, struct dm_str text)
{
	quote(b, text, false);
}

void dm_json_quote_bytes(struct dm_buf *b, struct dm_str bytes)
{
	quote(b, bytes, true);
}

void dm_record_begin(struct dm_buf *b, int64_t ts_us, const char *kind)
{
	dm_buf_add_cstr(b, "{\"ts\":");
	dm_time_add_seconds(b, ts_us);
	dm_buf_add_cstr(b, ",\"kind\":\"");
	dm_buf_add_cstr(b, kind);
	dm_buf_add_cstr(b, "\",\"labels\":{");
}

static void add_comma(struct dm_buf *b)
{
	if (b->n && b->p[b->n - 1] != '{')
		dm_buf_add_char(b, ',');
}

/* A name that we wrote ourselves, or one that the caller has checked. */
static void add_name(struct dm_buf *b, const char *name)
{
	add_comma(b);
	dm_buf_add_char(b, '"');
	dm_buf_add_cstr(b, name);
	dm_buf_add(b, "\":", 2);
}

void dm_record_label(struct dm_buf *b, const char *name, struct dm_str value)
{
	add_name(b, name);
	quote(b, value, false);
}

void dm_record_label_u64(struct dm_buf *b, const char *name, uint64_t value)
{
	add_name(b, name);
	dm_buf_add_char(b, '"');
	dm_num_add_u64(b, value);
	dm_buf_add_char(b, '"');
}

void dm_record_label_bytes(
    struct dm_buf *b, const char *name, struct dm_str bytes)
{
	add_name(b, name);
	quote(b, bytes, true);
}

void dm_record_label_text(struct dm_buf *b, struct dm_str text)
{
	if (text.n == 0)
		return;
	add_comma(b);
	dm_buf_add_str(b, text);
}

void dm_record_metrics(struct dm_buf *b)
{
	dm_buf_add_cstr(b, "},\"metrics\":{");
}

void dm_record_metric(struct dm_buf *b, const char *name, double value)
{
	add_name(b, name);
	dm_num_add(b, value);
}

void dm_record_metric_u64(struct dm_buf *b, const char *name, uint64_t value)
{
	add_name(b, name);
	dm_num_add_u64(b, value);
}

void dm_record_metric_scaled(
    struct dm_buf *b, const char *name, int64_t value, unsigned decimals)
{
	add_name(b, name);
	dm_num_add_scaled(b, value, decimals);
}

void dm_record_metric_null(struct dm_buf *b, const char *name)
{
	add_name(b, name);
	dm_buf_add_cstr(b, "null");
}

void dm_record_metric_text(struct dm_buf *b, struct dm_str text)
{
	dm_record_label_text(b, text);
}

void dm_record_members(struct dm_buf *b)
{
	dm_buf_add_char(b, '}');
}

void dm_record_members_end(struct dm_buf *b)
{
	dm_buf_add(b, "}\n", 2);
}

void dm_record_end(struct dm_buf *b)
{
	dm_buf_add(b, "}}\n", 3);
}
