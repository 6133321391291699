/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "tag/model.h"

#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "tag/weights.h"

/* What a run writes; it grows to the longest text. */
struct scratch {
	size_t tokens; /* for how many there is room */
	float *hidden; /* [n][hidden] */
	float *mixed;  /* [n][hidden] */
	float *wide;   /* [n][3 hidden], [n][intermediate] */
	float *scores; /* [n][dm_panel_round(n)] */
	float *packed; /* a head's keys, then its values */
	float *logits; /* [n][n_labels] */
	int8_t *bytes; /* [n][the widest layer's input] */
	float *byte_scale;
	int32_t *byte_sum;
};

struct dm_model {
	struct dm_tag_config config;
	struct dm_normal_options normal;
	struct dm_vocab vocab;
	struct dm_weights weights;
	const struct dm_kernels *kernels;
	struct scratch scratch;
};

static void scratch_release(struct scratch *s)
{
	free(s->hidden);
	free(s->mixed);
	free(s->wide);
	free(s->scores);
	free(s->packed);
	free(s->logits);
	free(s->bytes);
	free(s->byte_scale);
	free(s->byte_sum);
	*s = (struct scratch){0};
}

static float *floats(size_t rows, size_t columns)
{
	return aligned_alloc(
	    64, dm_panel_round(rows * columns) * sizeof(float));
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static int make_room(struct scratch *s, const struct dm_tag_config *c, size_t n,
    struct dm_err *err)
{
	size_t head = c->hidden / c->heads;
	size_t input = (larger(c->hidden, c->intermediate) + 3) / 4 * 4;

	if (n <= s->tokens)
		return 0;
	scratch_release(s);
	s->hidden = floats(n, c->hidden);
	s->mixed = floats(n, c->hidden);
	s->wide = floats(n, larger(3 * c->hidden, c->intermediate));
	s->scores = floats(n, dm_panel_round(n));
	s->packed = floats(dm_panel_round(n), dm_panel_round(head));
	s->logits = floats(n, c->n_labels);
	s->bytes = malloc(n * input);
	s->byte_scale = malloc(n * sizeof(*s->byte_scale));
	s->byte_sum = malloc(n * sizeof(*s->byte_sum));
	if (!s->hidden || !s->mixed || !s->wide || !s->scores || !s->packed ||
	    !s->logits || !s->bytes || !s->byte_scale || !s->byte_sum)
		return dm_err_nomem(err);
	s->tokens = n;
	return 0;
}

/* y = l x, for n rows that stand n_in and n_out apart */
static void apply(struct dm_model *m, const struct dm_linear *l, const float *x,
    size_t n, float *y)
{
	struct scratch *s = &m->scratch;

	if (!l->bytes) {
		m->kernels->gemm(&(struct dm_gemm){x, l->n_in, l->floats,
		    l->bias, y, l->n_out, n, l->n_out, l->n_in});
		return;
	}
	for (size_t i = 0; i < n; i++)
		s->byte_scale[i] = m->kernels->quantize(x + i * l->n_in,
		    l->n_in, s->bytes + i * l->k_padded, l->k_padded,
		    &s->byte_sum[i]);
	m->kernels->gemm_bytes(&(struct dm_gemm_bytes){s->bytes, l->k_padded,
	    s->byte_scale, s->byte_sum, l->bytes, l->scale, l->bias, y,
	    l->n_out, n, l->n_out, l->k_padded});
}

static void norm(struct dm_model *m, const struct dm_norm *norm, float *x,
    const float *more, size_t n)
{
	size_t h = m->config.hidden;

	for (size_t i = 0; i < n; i++)
		m->kernels->norm(x + i * h, more ? more + i * h : NULL,
		    norm->weight, norm->bias, h, m->config.norm_eps);
}

/* x += row i */
static void add_row(
    const struct dm_embedding *e, size_t i, size_t n, float *x, float *row)
{
	float scale = e->scale ? e->scale[i] : 1;

	dm_tensor_floats(e->rows, i * n, n, row);
	for (size_t j = 0; j < n; j++)
		x[j] += row[j] * scale;
}

static void embed(struct dm_model *m, const struct dm_tokens *t)
{
	const struct dm_weights *w = &m->weights;
	size_t h = m->config.hidden;

	for (size_t i = 0; i < t->n; i++) {
		float *x = m->scratch.hidden + i * h, *row = m->scratch.mixed;

		memset(x, 0, h * sizeof(*x));
		add_row(&w->words, t->list[i].id, h, x, row);
		add_row(&w->types, 0, h, x, row);
		add_row(&w->positions, i, h, x, row);
	}
	norm(m, &w->embedding_norm, m->scratch.hidden, NULL, t->n);
}

/* One head: what each token takes of the others' values, by how its query
 * meets their keys. */
static void attend(struct dm_model *m, size_t at, size_t n)
{
	const struct dm_kernels *k = m->kernels;
	struct scratch *s = &m->scratch;
	size_t h = m->config.hidden, d = h / m->config.heads;
	size_t stride = dm_panel_round(n);
	const float *query = s->wide + at, *key = query + h, *value = key + h;
	float scale = 1 / sqrtf((float)d);

	dm_pack(key, n, d, 3 * h, 1, s->packed);
	k->gemm(&(struct dm_gemm){
	    query, 3 * h, s->packed, NULL, s->scores, stride, n, n, d});
	for (size_t i = 0; i < n; i++)
		k->softmax(s->scores + i * stride, n, scale);
	dm_pack(value, d, n, 1, 3 * h, s->packed);
	k->gemm(&(struct dm_gemm){
	    s->scores, stride, s->packed, NULL, s->mixed + at, h, n, d, n});
}

static void run_layer(struct dm_model *m, const struct dm_layer *l, size_t n)
{
	struct scratch *s = &m->scratch;
	size_t d = m->config.hidden / m->config.heads;

	apply(m, &l->attention_in, s->hidden, n, s->wide);
	for (size_t i = 0; i < m->config.heads; i++)
		attend(m, i * d, n);
	apply(m, &l->attention_out, s->mixed, n, s->wide);
	norm(m, &l->attention_norm, s->hidden, s->wide, n);
	apply(m, &l->intermediate, s->hidden, n, s->wide);
	m->kernels->gelu(s->wide, n * m->config.intermediate);
	apply(m, &l->output, s->wide, n, s->mixed);
	norm(m, &l->output_norm, s->hidden, s->mixed, n);
}

int dm_model_encode(struct dm_model *m, const struct dm_tokens *t,
    struct dm_encoded *ret, struct dm_err *err)
{
	struct scratch *s = &m->scratch;

	if (make_room(s, &m->config, t->n, err) < 0)
		return -1;
	embed(m, t);
	for (size_t i = 0; i < m->weights.n_layers; i++)
		run_layer(m, &m->weights.layers[i], t->n);
	apply(m, &m->weights.classifier, s->hidden, t->n, s->logits);
	for (size_t i = 0; i < t->n * m->config.n_labels; i++)
		if (!isfinite(s->logits[i]))
			return dm_err_set(err, DM_EPARSE,
			    "the model's weights give no finite numbers");
	*ret = (struct dm_encoded){t->n, s->hidden, s->logits};
	return 0;
}

int dm_model_tokenize(const struct dm_model *m, struct dm_str text,
    struct dm_tokens *ret, struct dm_err *err)
{
	return dm_tokenize(
	    &m->vocab, &m->normal, text, m->config.positions, ret, err);
}

const struct dm_tag_config *dm_model_config(const struct dm_model *m)
{
	return &m->config;
}

/* ---- opening ---- */

#define PATH_BYTES 4096

static int path_of(
    const char *folder, const char *name, char *ret, struct dm_err *err)
{
	int n = snprintf(ret, PATH_BYTES, "%s/%s", folder, name);

	if (n < 0 || n >= PATH_BYTES)
		return dm_err_set(
		    err, DM_EINVAL, "the path of the model is too long");
	return 0;
}

static int read_config(
    struct dm_model *m, const char *folder, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	char path[PATH_BYTES];

	if (path_of(folder, "config.json", path, err) < 0 ||
	    dm_file_read(path, DM_CONFIG_MAX_BYTES, &b, err) < 0)
		return -1;
	if (dm_tag_config_read(dm_buf_str(&b), &m->config, err) < 0)
		return dm_err_file(err, path);
	return 0;
}

static int read_options(
    struct dm_model *m, const char *folder, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_err why;
	char path[PATH_BYTES];

	if (path_of(folder, "tokenizer_config.json", path, err) < 0)
		return -1;
	if (dm_file_read(path, DM_CONFIG_MAX_BYTES, &b, &why) == 0) {
		if (dm_normal_options_read(dm_buf_str(&b), &m->normal, err) < 0)
			return dm_err_file(err, path);
		return 0;
	}
	if (why.code != DM_ENODATA) {
		*err = why;
		return -1;
	}
	return dm_normal_options_read(DM_STR("{}"), &m->normal, err);
}

/* Matrices are often given some rows more than there are pieces. */
#define SPARE_ROWS 128

static int read_vocab(
    struct dm_model *m, const char *folder, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	char path[PATH_BYTES];

	if (path_of(folder, "vocab.txt", path, err) < 0 ||
	    dm_file_read(path, DM_VOCAB_MAX_BYTES, &b, err) < 0)
		return -1;
	if (dm_vocab_read(&m->vocab, &b, err) < 0)
		return dm_err_file(err, path);
	if (m->vocab.n > m->config.vocab ||
	    m->config.vocab - m->vocab.n >= SPARE_ROWS) {
		dm_err_set(err, DM_EPARSE,
		    "%zu word pieces, but config.json has a vocab_size of %u",
		    m->vocab.n, m->config.vocab);
		return dm_err_file(err, path);
	}
	return 0;
}

static int read_weights(
    struct dm_model *m, const char *folder, bool bytes, struct dm_err *err)
{
	struct dm_safetensors *file;
	char path[PATH_BYTES];

	if (path_of(folder, "model.safetensors", path, err) < 0 ||
	    dm_safetensors_open(path, &file, err) < 0)
		return -1;
	if (dm_weights_read(&m->weights, file, &m->config, bytes, err) < 0)
		return dm_err_file(err, path);
	return 0;
}

int dm_model_open(const char *folder, const struct dm_model_options *o,
    struct dm_model **ret, struct dm_err *err)
{
	DM_AUTO_MODEL struct dm_model *m = calloc(1, sizeof(*m));

	if (!m)
		return dm_err_nomem(err);
	m->kernels = o->kernels ? o->kernels : dm_kernels_best();
	if (read_config(m, folder, err) < 0 ||
	    read_options(m, folder, err) < 0 ||
	    read_vocab(m, folder, err) < 0 ||
	    read_weights(m, folder, m->kernels->gemm_bytes && !o->floats, err) <
		0)
		return -1;
	*ret = dm_steal(&m);
	return 0;
}

void dm_model_free(struct dm_model *m)
{
	if (!m)
		return;
	scratch_release(&m->scratch);
	dm_weights_release(&m->weights);
	dm_vocab_release(&m->vocab);
	dm_tag_config_release(&m->config);
	free(m);
}
