/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "tag/config.h"

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

static void json_cleanup(json_t **j)
{
	json_decref(*j);
}

#define AUTO_JSON DM_CLEANUP(json_cleanup)

static json_t *parse(struct dm_str text, struct dm_err *err)
{
	json_error_t why;
	json_t *j;

	if (text.n > DM_CONFIG_MAX_BYTES) {
		dm_err_set(err, DM_ELIMIT, "longer than %u bytes",
		    DM_CONFIG_MAX_BYTES);
		return NULL;
	}
	j = json_loadb(
	    text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &why);
	if (!j) {
		dm_err_at(err, DM_EPARSE, (unsigned)why.line,
		    why.column > 0 ? (unsigned)why.column : 0, "%s", why.text);
		return NULL;
	}
	if (!json_is_object(j)) {
		json_decref(j);
		dm_err_set(err, DM_EPARSE, "no JSON object");
		return NULL;
	}
	return j;
}

static const struct {
	const char *key;
	size_t at;
	unsigned min, max;
} numbers[] = {
    {"hidden_size", offsetof(struct dm_tag_config, hidden), 1, 4096},
    {"num_hidden_layers", offsetof(struct dm_tag_config, layers), 1, 48},
    {"num_attention_heads", offsetof(struct dm_tag_config, heads), 1, 256},
    {"intermediate_size", offsetof(struct dm_tag_config, intermediate), 1,
	16384},
    {"vocab_size", offsetof(struct dm_tag_config, vocab), 3, 1u << 20},
    {"max_position_embeddings", offsetof(struct dm_tag_config, positions), 3,
	DM_CONFIG_MAX_POSITIONS},
    {"type_vocab_size", offsetof(struct dm_tag_config, types), 1, 64},
};

static int read_numbers(
    const json_t *j, struct dm_tag_config *c, struct dm_err *err)
{
	const json_t *eps = json_object_get(j, "layer_norm_eps");
	double v = json_number_value(eps);

	for (size_t i = 0; i < DM_COUNT(numbers); i++) {
		const json_t *n = json_object_get(j, numbers[i].key);
		json_int_t value = json_integer_value(n);

		if (!json_is_integer(n) || value < numbers[i].min ||
		    value > numbers[i].max)
			return dm_err_set(err, DM_EPARSE,
			    "%s: a number from %u to %u is needed",
			    numbers[i].key, numbers[i].min, numbers[i].max);
		*(unsigned *)(void *)((char *)c + numbers[i].at) =
		    (unsigned)value;
	}
	if (c->hidden % c->heads)
		return dm_err_set(err, DM_EPARSE,
		    "hidden_size is no multiple of num_attention_heads");
	if (eps && !(v > 0 && v < 1))
		return dm_err_set(
		    err, DM_EPARSE, "layer_norm_eps: not between 0 and 1");
	c->norm_eps = eps ? (float)v : 1e-12f;
	return 0;
}

/* What is missing is as we have it. */
static int is_text(
    const json_t *j, const char *key, const char *text, struct dm_err *err)
{
	const json_t *value = json_object_get(j, key);

	if (value && (!json_is_string(value) ||
			 strcmp(json_string_value(value), text) != 0))
		return dm_err_set(
		    err, DM_EPARSE, "%s: only %s is read", key, text);
	return 0;
}

static int read_labels(
    const json_t *j, struct dm_tag_config *c, struct dm_err *err)
{
	const json_t *labels = json_object_get(j, "id2label");
	size_t n = json_object_size(labels);

	if (n == 0 || n > DM_CONFIG_MAX_LABELS)
		return dm_err_set(err, DM_EPARSE,
		    "id2label: 1 to %u labels are needed",
		    DM_CONFIG_MAX_LABELS);
	c->labels = calloc(n, sizeof(*c->labels));
	if (!c->labels)
		return dm_err_nomem(err);
	c->n_labels = (unsigned)n;
	for (unsigned i = 0; i < n; i++) {
		char key[16];
		const json_t *label;

		snprintf(key, sizeof(key), "%u", i);
		label = json_object_get(labels, key);
		if (!json_is_string(label) || json_string_length(label) == 0 ||
		    json_string_length(label) > 64)
			return dm_err_set(err, DM_EPARSE,
			    "id2label: no label of 1 to 64 bytes for %u", i);
		c->labels[i] = strdup(json_string_value(label));
		if (!c->labels[i])
			return dm_err_nomem(err);
	}
	return 0;
}

static int read_config(
    const json_t *j, struct dm_tag_config *c, struct dm_err *err)
{
	if (read_numbers(j, c, err) < 0 ||
	    is_text(j, "model_type", "bert", err) < 0 ||
	    is_text(j, "hidden_act", "gelu", err) < 0 ||
	    is_text(j, "position_embedding_type", "absolute", err) < 0)
		return -1;
	return read_labels(j, c, err);
}

int dm_tag_config_read(
    struct dm_str text, struct dm_tag_config *ret, struct dm_err *err)
{
	AUTO_JSON json_t *j = parse(text, err);
	struct dm_tag_config c = {0};

	if (!j)
		return -1;
	if (read_config(j, &c, err) < 0) {
		dm_tag_config_release(&c);
		return -1;
	}
	*ret = c;
	return 0;
}

void dm_tag_config_release(struct dm_tag_config *c)
{
	for (unsigned i = 0; i < c->n_labels; i++)
		free(c->labels[i]);
	free(c->labels);
	*c = (struct dm_tag_config){0};
}

static int read_bool(
    const json_t *j, const char *key, bool *ret, struct dm_err *err)
{
	const json_t *value = json_object_get(j, key);

	if (!value || json_is_null(value))
		return 0;
	if (!json_is_boolean(value))
		return dm_err_set(
		    err, DM_EPARSE, "%s: neither true nor false", key);
	*ret = json_is_true(value);
	return 0;
}

int dm_normal_options_read(
    struct dm_str text, struct dm_normal_options *ret, struct dm_err *err)
{
	AUTO_JSON json_t *j = parse(text, err);
	struct dm_normal_options o = {
	    .lower_case = true, .split_chinese = true};

	if (!j || read_bool(j, "do_lower_case", &o.lower_case, err) < 0)
		return -1;
	o.strip_accents = o.lower_case;
	if (read_bool(j, "strip_accents", &o.strip_accents, err) < 0 ||
	    read_bool(j, "tokenize_chinese_chars", &o.split_chinese, err) < 0)
		return -1;
	*ret = o;
	return 0;
}
