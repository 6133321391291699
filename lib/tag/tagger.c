/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "tag/tagger.h"

struct dm_tagger {
	struct dm_model *model;
	struct dm_labels labels;
};

int dm_tagger_open(const char *folder, const struct dm_model_options *o,
    struct dm_tagger **ret, struct dm_err *err)
{
	DM_AUTO_TAGGER struct dm_tagger *t = calloc(1, sizeof(*t));

	if (!t)
		return dm_err_nomem(err);
	if (dm_model_open(folder, o, &t->model, err) < 0)
		return -1;
	if (dm_labels_read(dm_model_config(t->model), &t->labels, err) < 0)
		return dm_err_wrap(err, "%s/config.json", folder);
	*ret = dm_steal(&t);
	return 0;
}

void dm_tagger_free(struct dm_tagger *t)
{
	if (!t)
		return;
	dm_labels_release(&t->labels);
	dm_model_free(t->model);
	free(t);
}

struct dm_model *dm_tagger_model(struct dm_tagger *t)
{
	return t->model;
}

int dm_tagger_tag(struct dm_tagger *t, struct dm_str text,
    struct dm_tagged *ret, struct dm_err *err)
{
	struct dm_encoded e;

	if (dm_model_tokenize(t->model, text, &ret->tokens, err) < 0 ||
	    dm_model_encode(t->model, &ret->tokens, &e, err) < 0)
		return -1;
	return dm_decode(&t->labels, e.logits, ret, err);
}
