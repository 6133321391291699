/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_TAG_CONFIG_H
#define DM_TAG_CONFIG_H

#include "tag/normal.h"

/** What config.json says of a BertForTokenClassification. */
struct dm_tag_config {
	unsigned hidden, layers, heads, intermediate;
	unsigned vocab, positions, types;
	float norm_eps;
	unsigned n_labels;
	char **labels; /* by id */
};

#define DM_CONFIG_MAX_BYTES	(1u << 20)
#define DM_CONFIG_MAX_LABELS	1024u
#define DM_CONFIG_MAX_POSITIONS 4096u

/**
 * @ret  to be released; written on success only
 * DM_EPARSE names the key that is missing or wrong; what a BERT may be that
 * we do not compute (another activation, relative positions) is refused.
 */
int dm_tag_config_read(struct dm_str json, struct dm_tag_config *ret,
    struct dm_err *err) DM_MUST_CHECK;

void dm_tag_config_release(struct dm_tag_config *c);

/** What tokenizer_config.json says; its keys may all be missing. */
int dm_normal_options_read(struct dm_str json, struct dm_normal_options *ret,
    struct dm_err *err) DM_MUST_CHECK;

#endif
