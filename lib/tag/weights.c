/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "tag/weights.h"

#include <stdarg.h>
#include <stdio.h>

#define NAME_BYTES 128

/* What is being read, and the name of the part that it is in. */
struct loader {
	const struct dm_safetensors *file;
	bool bytes;
	char prefix[NAME_BYTES / 2];
};

/* Floats at an address that vectors like. The kernels read whole panels. */
static float *floats_new(size_t n, struct dm_err *err)
{
	size_t bytes = dm_panel_round(n ? n : 1) * sizeof(float);
	float *p = aligned_alloc(64, bytes);

	if (!p) {
		dm_err_nomem(err);
		return NULL;
	}
	memset(p, 0, bytes);
	return p;
}

static const struct dm_tensor *get(const struct loader *l, const char *name,
    size_t rows, size_t columns, struct dm_err *err)
{
	char full[NAME_BYTES];
	const struct dm_tensor *t;
	bool matrix = columns > 0;

	snprintf(full, sizeof(full), "%s%s", l->prefix, name);
	t = dm_safetensors_get(l->file, full);
	if (!t) {
		dm_err_set(err, DM_EPARSE, "tensor %s is missing", full);
		return NULL;
	}
	if (t->rank != 1u + matrix || t->shape[0] != rows ||
	    (matrix && t->shape[1] != columns)) {
		dm_err_set(err, DM_EPARSE,
		    "tensor %s: config.json asks for %zu%s%.0zu", full, rows,
		    matrix ? " x " : "", columns);
		return NULL;
	}
	if (t->dtype == DM_DTYPE_OTHER ||
	    (t->dtype == DM_DTYPE_I8 && !matrix)) {
		dm_err_set(err, DM_EPARSE,
		    "tensor %s: only F32, F16, BF16, and I8 for a matrix, are "
		    "read",
		    full);
		return NULL;
	}
	return t;
}

/* The scales of an I8 matrix's rows, to ret. */
static int read_scale(const struct loader *l, const char *name, size_t rows,
    float *ret, struct dm_err *err)
{
	char full[NAME_BYTES + sizeof(".scale")];
	const struct dm_tensor *t;

	snprintf(full, sizeof(full), "%s.scale", name);
	t = get(l, full, rows, 0, err);
	if (!t)
		return -1;
	dm_tensor_floats(t, 0, rows, ret);
	return 0;
}

static int read_vector(const struct loader *l, const char *name, size_t n,
    float **ret, struct dm_err *err)
{
	const struct dm_tensor *t = get(l, name, n, 0, err);

	*ret = t ? floats_new(n, err) : NULL;
	if (!*ret)
		return -1;
	dm_tensor_floats(t, 0, n, *ret);
	return 0;
}

static int read_norm(const struct loader *l, const char *name, size_t n,
    struct dm_norm *ret, struct dm_err *err)
{
	char full[NAME_BYTES];

	snprintf(full, sizeof(full), "%s.weight", name);
	if (read_vector(l, full, n, &ret->weight, err) < 0)
		return -1;
	snprintf(full, sizeof(full), "%s.bias", name);
	return read_vector(l, full, n, &ret->bias, err);
}

static int read_embedding(const struct loader *l, const char *name, size_t rows,
    size_t columns, struct dm_embedding *ret, struct dm_err *err)
{
	ret->rows = get(l, name, rows, columns, err);
	if (!ret->rows)
		return -1;
	if (ret->rows->dtype != DM_DTYPE_I8)
		return 0;
	ret->scale = floats_new(rows, err);
	return ret->scale ? read_scale(l, name, rows, ret->scale, err) : -1;
}

/* Parts of a linear layer, which stand beneath each other in it. */
struct parts {
	const char *names[3];
	size_t n;
	const struct dm_tensor *tensors[3];
};

static int find_parts(const struct loader *l, struct parts *p,
    struct dm_linear *ret, bool *ret_bytes, struct dm_err *err)
{
	size_t each = ret->n_out / p->n;
	char name[NAME_BYTES];

	*ret_bytes = l->bytes;
	ret->bias = floats_new(ret->n_out, err);
	ret->scale = floats_new(ret->n_out, err);
	if (!ret->bias || !ret->scale)
		return -1;
	for (size_t i = 0; i < p->n; i++) {
		const struct dm_tensor *bias;

		snprintf(name, sizeof(name), "%s.bias", p->names[i]);
		bias = get(l, name, each, 0, err);
		if (!bias)
			return -1;
		dm_tensor_floats(bias, 0, each, ret->bias + i * each);
		snprintf(name, sizeof(name), "%s.weight", p->names[i]);
		p->tensors[i] = get(l, name, each, ret->n_in, err);
		if (!p->tensors[i])
			return -1;
		if (p->tensors[i]->dtype != DM_DTYPE_I8)
			*ret_bytes = false;
		else if (read_scale(l, name, each, ret->scale + i * each, err) <
			 0)
			return -1;
	}
	return 0;
}

/* Row i of all parts, as floats. */
static void row_floats(
    const struct parts *p, const struct dm_linear *linear, size_t i, float *ret)
{
	size_t each = linear->n_out / p->n;
	const struct dm_tensor *t = p->tensors[i / each];

	dm_tensor_floats(t, i % each * linear->n_in, linear->n_in, ret);
	if (t->dtype == DM_DTYPE_I8)
		for (size_t j = 0; j < linear->n_in; j++)
			ret[j] *= linear->scale[i];
}

static int pack_floats(
    const struct parts *p, struct dm_linear *ret, struct dm_err *err)
{
	size_t k = ret->n_in, n = dm_panel_round(ret->n_out);
	DM_AUTO_FREE float *rows = malloc(DM_PANEL * k * sizeof(*rows));

	ret->floats = floats_new(n * k, err);
	if (!rows || !ret->floats)
		return dm_err_nomem(err);
	for (size_t from = 0; from < ret->n_out; from += DM_PANEL) {
		size_t some = ret->n_out - from;

		some = some < DM_PANEL ? some : DM_PANEL;
		for (size_t i = 0; i < some; i++)
			row_floats(p, ret, from + i, rows + i * k);
		dm_pack(rows, some, k, k, 1, ret->floats + from * k);
	}
	return 0;
}

/* The parts' rows may end within a panel. */
static int pack_bytes(
    const struct parts *p, struct dm_linear *ret, struct dm_err *err)
{
	size_t k = ret->n_in, each = ret->n_out / p->n;
	size_t n = dm_panel_round(ret->n_out);
	DM_AUTO_FREE int8_t *rows = malloc(DM_PANEL * k);

	ret->k_padded = (k + 3) / 4 * 4;
	ret->bytes = aligned_alloc(64, n * ret->k_padded);
	if (!rows || !ret->bytes)
		return dm_err_nomem(err);
	for (size_t from = 0; from < ret->n_out; from += DM_PANEL) {
		size_t some = ret->n_out - from;

		some = some < DM_PANEL ? some : DM_PANEL;
		for (size_t i = 0; i < some; i++)
			memcpy(rows + i * k,
			    p->tensors[(from + i) / each]->data +
				(from + i) % each * k,
			    k);
		dm_pack_bytes(rows, some, k, ret->k_padded,
		    ret->bytes + from * ret->k_padded);
	}
	return 0;
}

static int read_linear(const struct loader *l, struct parts p, size_t n_in,
    size_t n_out, struct dm_linear *ret, struct dm_err *err)
{
	bool bytes;

	ret->n_in = n_in;
	ret->n_out = n_out;
	if (find_parts(l, &p, ret, &bytes, err) < 0 ||
	    (bytes ? pack_bytes : pack_floats)(&p, ret, err) < 0)
		return -1;
	for (size_t i = 0; i < p.n; i++)
		dm_safetensors_drop(l->file, p.tensors[i]);
	return 0;
}

static int read_layer(const struct loader *l, const struct dm_tag_config *c,
    struct dm_layer *ret, struct dm_err *err)
{
	static const struct parts
	    in = {.names = {"attention.self.query", "attention.self.key",
		      "attention.self.value"},
		.n = 3},
	    out = {.names = {"attention.output.dense"}, .n = 1},
	    intermediate = {.names = {"intermediate.dense"}, .n = 1},
	    output = {.names = {"output.dense"}, .n = 1};
	size_t h = c->hidden;

	if (read_linear(l, in, h, 3 * h, &ret->attention_in, err) < 0 ||
	    read_linear(l, out, h, h, &ret->attention_out, err) < 0 ||
	    read_norm(l, "attention.output.LayerNorm", h, &ret->attention_norm,
		err) < 0 ||
	    read_linear(l, intermediate, h, c->intermediate, &ret->intermediate,
		err) < 0 ||
	    read_linear(l, output, c->intermediate, h, &ret->output, err) < 0)
		return -1;
	return read_norm(l, "output.LayerNorm", h, &ret->output_norm, err);
}

static int read_embeddings(const struct loader *l,
    const struct dm_tag_config *c, struct dm_weights *w, struct dm_err *err)
{
	size_t h = c->hidden;

	if (read_embedding(
		l, "word_embeddings.weight", c->vocab, h, &w->words, err) < 0 ||
	    read_embedding(l, "position_embeddings.weight", c->positions, h,
		&w->positions, err) < 0 ||
	    read_embedding(l, "token_type_embeddings.weight", c->types, h,
		&w->types, err) < 0)
		return -1;
	return read_norm(l, "LayerNorm", h, &w->embedding_norm, err);
}

int dm_weights_read(struct dm_weights *w, struct dm_safetensors *file,
    const struct dm_tag_config *c, bool bytes, struct dm_err *err)
{
	struct loader l = {
	    .file = file, .bytes = bytes, .prefix = "bert.embeddings."};
	static const struct parts classifier = {
	    .names = {"classifier"}, .n = 1};

	w->file = file;
	w->layers = calloc(c->layers, sizeof(*w->layers));
	if (!w->layers)
		return dm_err_nomem(err);
	w->n_layers = c->layers;
	if (read_embeddings(&l, c, w, err) < 0)
		return -1;
	for (size_t i = 0; i < w->n_layers; i++) {
		snprintf(
		    l.prefix, sizeof(l.prefix), "bert.encoder.layer.%zu.", i);
		if (read_layer(&l, c, &w->layers[i], err) < 0)
			return -1;
	}
	l.prefix[0] = '\0';
	return read_linear(
	    &l, classifier, c->hidden, c->n_labels, &w->classifier, err);
}

static void linear_release(struct dm_linear *l)
{
	free(l->floats);
	free(l->bytes);
	free(l->scale);
	free(l->bias);
}

static void norm_release(struct dm_norm *n)
{
	free(n->weight);
	free(n->bias);
}

void dm_weights_release(struct dm_weights *w)
{
	for (size_t i = 0; i < w->n_layers; i++) {
		struct dm_layer *l = &w->layers[i];

		linear_release(&l->attention_in);
		linear_release(&l->attention_out);
		linear_release(&l->intermediate);
		linear_release(&l->output);
		norm_release(&l->attention_norm);
		norm_release(&l->output_norm);
	}
	free(w->layers);
	linear_release(&w->classifier);
	norm_release(&w->embedding_norm);
	free(w->words.scale);
	free(w->positions.scale);
	free(w->types.scale);
	dm_safetensors_free(w->file);
	*w = (struct dm_weights){0};
}
