/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "record/lex.h"

#include "base/map.h"
#include "base/num.h"
#include "base/utf8.h"
#include "record/scan.h"

#define FEW_KEYS 16

/* So much of a key is said. */
#define KEY_SAID_BYTES 100

bool dm_lex_bad(struct dm_lex *x, const char *why)
{
	bool cut = x->p >= x->end && dm_str_starts(dm_str(why), "expected");

	dm_err_at(x->err, DM_EPARSE, 0, (unsigned)(x->p - x->start) + 1, "%s%s",
	    why, cut ? ", but the line ends" : "");
	return false;
}

bool dm_lex_twice(struct dm_lex *x, struct dm_str key)
{
	unsigned column = (unsigned)(key.p - x->start);
	bool cut = key.n > KEY_SAID_BYTES;

	if (cut)
		key.n = KEY_SAID_BYTES;
	while (cut && key.n && ((unsigned char)key.p[key.n] & 0xc0) == 0x80)
		key.n--;
	dm_err_at(x->err, DM_EPARSE, 0, column,
	    "the key \"%.*s%s\" stands twice", (int)key.n, key.p,
	    cut ? "..." : "");
	return false;
}

static bool lex_hex4(struct dm_lex *x, uint32_t *ret)
{
	uint64_t v;

	if (x->end - x->p < 4 || !dm_str_hex64((struct dm_str){x->p, 4}, &v))
		return dm_lex_bad(x, "expected four hexadecimal digits");
	x->p += 4;
	*ret = (uint32_t)v;
	return true;
}

/* Behind \u. */
static bool lex_unicode(struct dm_lex *x)
{
	uint32_t c, low;

	if (!lex_hex4(x, &c))
		return false;
	if (c == 0)
		return dm_lex_bad(x, "\\u0000 is not allowed");
	if (c >= 0xdc00 && c < 0xe000)
		return dm_lex_bad(x, "a low surrogate without a high one");
	if (c < 0xd800 || c >= 0xe000)
		return true;
	if (x->end - x->p < 2 || x->p[0] != '\\' || x->p[1] != 'u')
		return dm_lex_bad(x, "expected a low surrogate");
	x->p += 2;
	if (!lex_hex4(x, &low))
		return false;
	if (low < 0xdc00 || low >= 0xe000)
		return dm_lex_bad(x, "expected a low surrogate");
	return true;
}

static bool lex_escape(struct dm_lex *x)
{
	x->p++;
	if (x->p >= x->end)
		return dm_lex_bad(x, "expected an escape");
	if (*x->p == 'u') {
		x->p++;
		return lex_unicode(x);
	}
	if (*x->p == '\0' || !strchr("\"\\/bfnrt", *x->p))
		return dm_lex_bad(x, "no such escape");
	x->p++;
	return true;
}

bool dm_lex_string(struct dm_lex *x, struct dm_str *ret, bool *ret_escaped)
{
	const char *from;

	*ret_escaped = false;
	if (x->p >= x->end || *x->p != '"')
		return dm_lex_bad(x, "expected a string");
	from = ++x->p;
	for (;;) {
		unsigned char c;
		unsigned len;

		x->p += dm_lex_plain(x->p, (size_t)(x->end - x->p));
		if (x->p >= x->end)
			return dm_lex_bad(x, "expected '\"'");
		c = (unsigned char)*x->p;
		if (c == '"')
			break;
		if (c == '\\') {
			*ret_escaped = true;
			if (!lex_escape(x))
				return false;
			continue;
		}
		if (c < 0x20)
			return dm_lex_bad(x, "a control character in a string");
		len = dm_utf8_len(x->p, (size_t)(x->end - x->p));
		if (len == 0)
			return dm_lex_bad(x, "not UTF-8");
		x->p += len;
	}
	*ret = (struct dm_str){from, (size_t)(x->p - from)};
	x->p++;
	return true;
}

/* Behind the digits, 'e' and all that follows. */
static bool lex_exponent(struct dm_lex *x)
{
	uint64_t exponent = 0;
	size_t n;

	x->p++;
	if (x->p < x->end && (*x->p == '-' || *x->p == '+'))
		x->p++;
	n = dm_num_digits(x->p, x->end, &exponent);
	x->p += n;
	return n || dm_lex_bad(x, "expected a digit");
}

bool dm_lex_number(struct dm_lex *x, struct dm_lex_num *ret)
{
	const char *from = x->p, *end = x->end;
	bool negative = x->p < end && *x->p == '-', wide;
	size_t digits = 1, decimals = 0;
	uint64_t mantissa = 0;

	x->p += negative;
	if (x->p == end || *x->p != '0')
		digits = dm_num_digits(x->p, end, &mantissa);
	if (digits == 0)
		return dm_lex_bad(x, "expected a number");
	x->p += digits;
	wide = digits > 300;
	if (x->p < end && *x->p == '.') {
		x->p++;
		decimals = dm_num_digits(x->p, end, &mantissa);
		if (decimals == 0)
			return dm_lex_bad(x, "expected a digit");
		x->p += decimals;
	}
	if (x->p < end && (*x->p | 32) == 'e') {
		wide = true;
		if (!lex_exponent(x))
			return false;
	}
	ret->text = (struct dm_str){from, (size_t)(x->p - from)};
	ret->has_value = !wide && dm_num_short(mantissa, digits + decimals,
				      decimals, negative, &ret->value);
	if (wide) {
		ret->has_value = dm_num_parse(ret->text, &ret->value);
		if (!ret->has_value)
			return dm_lex_bad(x, "a number beyond the doubles");
	}
	return true;
}

static bool lex_word(struct dm_lex *x, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(x->end - x->p) < n || memcmp(x->p, word, n) != 0)
		return dm_lex_bad(x, "expected a value");
	x->p += n;
	return true;
}

static bool enter(struct dm_lex *x)
{
	if (++x->depth > DM_LINE_MAX_DEPTH) {
		dm_err_at(x->err, DM_ELIMIT, 0, (unsigned)(x->p - x->start) + 1,
		    "nested too deeply");
		return false;
	}
	x->p++;
	return true;
}

static bool lex_array(struct dm_lex *x)
{
	if (!enter(x))
		return false;
	if (!dm_lex_take(x, ']')) {
		do {
			dm_lex_blanks(x);
			if (!dm_lex_value(x))
				return false;
		} while (dm_lex_take(x, ','));
		if (!dm_lex_take(x, ']'))
			return dm_lex_bad(x, "expected ',' or ']'");
	}
	x->depth--;
	return true;
}

static bool lex_object(struct dm_lex *x)
{
	size_t base = x->n_keys;
	struct dm_lex_key key;

	if (!enter(x))
		return false;
	if (!dm_lex_take(x, '}')) {
		do {
			if (!dm_lex_key(x, &key) || !dm_lex_value(x))
				return false;
		} while (dm_lex_take(x, ','));
		if (!dm_lex_take(x, '}'))
			return dm_lex_bad(x, "expected ',' or '}'");
	}
	x->depth--;
	return dm_lex_keys_differ(x, base);
}

bool dm_lex_value(struct dm_lex *x)
{
	struct dm_lex_num number;
	struct dm_str text;
	bool escaped;

	if (x->p >= x->end)
		return dm_lex_bad(x, "expected a value");
	switch (*x->p) {
	case '"':
		return dm_lex_string(x, &text, &escaped);
	case '{':
		return lex_object(x);
	case '[':
		return lex_array(x);
	case 't':
		return lex_word(x, "true");
	case 'f':
		return lex_word(x, "false");
	case 'n':
		return lex_word(x, "null");
	default:
		return dm_lex_number(x, &number);
	}
}

static bool push_key(struct dm_lex *x, struct dm_lex_key key)
{
	if (x->n_keys == x->cap_keys) {
		size_t cap = x->cap_keys ? 2 * x->cap_keys : 32;
		void *keys = realloc(x->keys, cap * sizeof(*x->keys));

		if (!keys) {
			dm_err_nomem(x->err);
			return false;
		}
		x->keys = keys;
		x->cap_keys = cap;
	}
	x->keys[x->n_keys++] = key;
	return true;
}

bool dm_lex_key(struct dm_lex *x, struct dm_lex_key *ret)
{
	dm_lex_blanks(x);
	if (!dm_lex_string(x, &ret->text, &ret->escaped))
		return false;
	if (!dm_lex_take(x, ':'))
		return dm_lex_bad(x, "expected ':'");
	dm_lex_blanks(x);
	return push_key(x, *ret);
}

/* Unescaped, with the quotes that stand around it. */
static void unescape(struct dm_buf *b, struct dm_str text)
{
	dm_json_unquote(b, (struct dm_str){text.p - 1, text.n + 2});
}

bool dm_lex_same(struct dm_str escaped, struct dm_str plain)
{
	DM_AUTO_BUF struct dm_buf b = {0};

	unescape(&b, escaped);
	return dm_str_eq(dm_buf_str(&b), plain);
}

static bool same_key(const struct dm_lex_key *a, const struct dm_lex_key *b)
{
	DM_AUTO_BUF struct dm_buf plain = {0};

	if (!a->escaped && !b->escaped)
		return dm_str_eq(a->text, b->text);
	if (!a->escaped)
		return dm_lex_same(b->text, a->text);
	unescape(&plain, a->text);
	if (b->escaped)
		return dm_lex_same(b->text, dm_buf_str(&plain));
	return dm_str_eq(dm_buf_str(&plain), b->text);
}

/* The first key that was there before; n: there is none. */
static size_t few_repeat(const struct dm_lex_key *keys, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		for (size_t k = 0; k < i; k++) {
			if (keys[i].text.n != keys[k].text.n &&
			    !keys[i].escaped && !keys[k].escaped)
				continue;
			if (same_key(&keys[i], &keys[k]))
				return i;
		}
	}
	return n;
}

static void map_cleanup(struct dm_map *m)
{
	dm_map_release(m);
}

/* As few_repeat; 0: memory has run out. Escaped keys are laid out plain in one
 * text first. */
static size_t many_repeat(struct dm_lex *x, struct dm_lex_key *keys, size_t n)
{
	DM_CLEANUP(map_cleanup) struct dm_map seen = {0};
	DM_AUTO_BUF struct dm_buf plain = {0};

	for (size_t i = 0; i < n; i++) {
		if (keys[i].escaped &&
		    !dm_buf_reserve(&plain, keys[i].text.n)) {
			dm_err_nomem(x->err);
			return 0;
		}
		plain.n += keys[i].escaped ? keys[i].text.n : 0;
	}
	plain.n = 0;
	for (size_t i = 0; i < n; i++) {
		struct dm_str key = keys[i].text;

		if (keys[i].escaped) {
			size_t at = plain.n;

			unescape(&plain, key);
			key = (struct dm_str){plain.p + at, plain.n - at};
		}
		if (dm_map_get(&seen, key))
			return i;
		if (dm_map_put(&seen, key, &keys[i], x->err) < 0)
			return 0;
	}
	return n;
}

bool dm_lex_keys_differ(struct dm_lex *x, size_t base)
{
	struct dm_lex_key *keys;
	size_t n = x->n_keys - base, i;

	x->n_keys = base;
	if (n <= 1)
		return true;
	keys = x->keys + base;
	i = n <= FEW_KEYS ? few_repeat(keys, n) : many_repeat(x, keys, n);
	if (i > 0 && i < n)
		return dm_lex_twice(x, keys[i].text);
	return i == n;
}
