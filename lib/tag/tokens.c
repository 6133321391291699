/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "tag/tokens.h"

#include "base/array.h"

/* A word as UTF-8, and where its characters begin in that. */
struct word {
	const struct dm_normal_char *chars;
	size_t n;
	char text[4 * DM_TOKEN_WORD_CHARS];
	size_t at[DM_TOKEN_WORD_CHARS + 1];
};

struct cutter {
	const struct dm_vocab *vocab;
	struct dm_tokens *tokens;
	size_t max; /* with [CLS] */
	struct word word;
};

static int add(struct cutter *c, struct dm_token token, struct dm_err *err)
{
	struct dm_tokens *t = c->tokens;

	if (t->n >= c->max)
		return dm_err_set(err, DM_ELIMIT,
		    "a text of more than %zu tokens, which are all that the "
		    "model takes",
		    c->max - 1);
	if (dm_array_grow(&t->list, t->n, &t->cap, sizeof(token), err) < 0)
		return -1;
	t->list[t->n++] = token;
	return 0;
}

static size_t encode(char *p, uint32_t c)
{
	if (c < 0x80) {
		p[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		p[0] = (char)(0xc0 | c >> 6);
		p[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		p[0] = (char)(0xe0 | c >> 12);
		p[1] = (char)(0x80 | (c >> 6 & 0x3f));
		p[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	p[0] = (char)(0xf0 | c >> 18);
	p[1] = (char)(0x80 | (c >> 12 & 0x3f));
	p[2] = (char)(0x80 | (c >> 6 & 0x3f));
	p[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* The longest piece that the word goes on with at a character. */
static const struct dm_piece *longest(
    const struct cutter *c, size_t from, size_t *ret_to)
{
	const struct word *w = &c->word;
	const struct dm_map *m =
	    from ? &c->vocab->continues : &c->vocab->begins;

	for (size_t to = w->n; to > from; to--) {
		struct dm_str s = {
		    w->text + w->at[from], w->at[to] - w->at[from]};
		const struct dm_piece *p;

		if (s.n > c->vocab->max_bytes)
			continue;
		p = dm_map_get(m, s);
		if (p) {
			*ret_to = to;
			return p;
		}
	}
	return NULL;
}

static int unknown(struct cutter *c, const struct dm_normal_char *chars,
    size_t n, struct dm_err *err)
{
	struct dm_token t = {
	    c->vocab->unknown, chars[0].begin, chars[n - 1].end};

	return add(c, t, err);
}

static int cut_word(struct cutter *c, const struct dm_normal_char *chars,
    size_t n, struct dm_err *err)
{
	struct word *w = &c->word;
	size_t before = c->tokens->n;

	if (n > DM_TOKEN_WORD_CHARS)
		return unknown(c, chars, n, err);
	w->n = n;
	for (size_t i = 0; i < n; i++)
		w->at[i + 1] =
		    w->at[i] + encode(w->text + w->at[i], chars[i].code);
	for (size_t from = 0, to; from < n; from = to) {
		const struct dm_piece *p = longest(c, from, &to);
		struct dm_token t;

		if (!p) {
			c->tokens->n = before;
			return unknown(c, chars, n, err);
		}
		t = (struct dm_token){
		    p->id, chars[from].begin, chars[to - 1].end};
		if (add(c, t, err) < 0)
			return -1;
	}
	return 0;
}

static int cut_words(struct cutter *c, struct dm_err *err)
{
	const struct dm_normal *t = &c->tokens->normal;
	size_t i = 0;

	while (i < t->n) {
		size_t from = i++;

		if (t->chars[from].code == ' ')
			continue;
		if (!dm_normal_is_punctuation(t->chars[from].code))
			while (i < t->n && t->chars[i].code != ' ' &&
			       !dm_normal_is_punctuation(t->chars[i].code))
				i++;
		if (cut_word(c, t->chars + from, i - from, err) < 0)
			return -1;
	}
	return 0;
}

int dm_tokenize(const struct dm_vocab *v, const struct dm_normal_options *o,
    struct dm_str text, size_t max, struct dm_tokens *ret, struct dm_err *err)
{
	/* [SEP] is to have its place. */
	struct cutter c = {.vocab = v, .tokens = ret, .max = max - 1};

	ret->n = 0;
	if (dm_normalize(text, o, &ret->normal, err) < 0 ||
	    add(&c, (struct dm_token){.id = v->first}, err) < 0 ||
	    cut_words(&c, err) < 0)
		return -1;
	c.max = max;
	return add(&c, (struct dm_token){.id = v->last}, err);
}

void dm_tokens_release(struct dm_tokens *t)
{
	free(t->list);
	dm_normal_release(&t->normal);
	*t = (struct dm_tokens){0};
}
