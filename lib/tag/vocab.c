/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "tag/vocab.h"

#include "base/array.h"

static int add(struct dm_vocab *v, struct dm_str line, struct dm_err *err)
{
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	if (v->n >= DM_VOCAB_MAX_PIECES)
		return dm_err_set(err, DM_ELIMIT, "more than %u word pieces",
		    DM_VOCAB_MAX_PIECES);
	if (dm_array_grow(&v->pieces, v->n, &v->cap, sizeof(*v->pieces), err) <
	    0)
		return -1;
	v->pieces[v->n] = (struct dm_piece){line, (uint32_t)v->n};
	v->n++;
	return 0;
}

/* The pieces no longer move: they can be lent to the maps. */
static int index_pieces(struct dm_vocab *v, struct dm_err *err)
{
	for (size_t i = 0; i < v->n; i++) {
		struct dm_piece *p = &v->pieces[i];
		struct dm_map *m = &v->begins;

		if (dm_str_starts(p->text, "##")) {
			p->text.p += 2;
			p->text.n -= 2;
			m = &v->continues;
		}
		if (p->text.n > v->max_bytes)
			v->max_bytes = p->text.n;
		if (dm_map_put(m, p->text, p, err) < 0)
			return -1;
	}
	return 0;
}

static int special(const struct dm_vocab *v, const char *name, uint32_t *ret,
    struct dm_err *err)
{
	const struct dm_piece *p = dm_map_get(&v->begins, dm_str(name));

	if (!p)
		return dm_err_set(err, DM_EPARSE, "there is no %s in it", name);
	*ret = p->id;
	return 0;
}

int dm_vocab_read(struct dm_vocab *v, struct dm_buf *text, struct dm_err *err)
{
	struct dm_str rest, line;

	v->text = *text;
	*text = (struct dm_buf){0};
	if (v->text.n > DM_VOCAB_MAX_BYTES)
		return dm_err_set(
		    err, DM_ELIMIT, "longer than %u bytes", DM_VOCAB_MAX_BYTES);
	rest = dm_buf_str(&v->text);
	while (dm_str_line(&rest, &line))
		if (add(v, line, err) < 0)
			return -1;
	if (index_pieces(v, err) < 0 ||
	    special(v, "[UNK]", &v->unknown, err) < 0 ||
	    special(v, "[CLS]", &v->first, err) < 0)
		return -1;
	return special(v, "[SEP]", &v->last, err);
}

void dm_vocab_release(struct dm_vocab *v)
{
	dm_buf_release(&v->text);
	dm_map_release(&v->begins);
	dm_map_release(&v->continues);
	free(v->pieces);
	*v = (struct dm_vocab){0};
}
