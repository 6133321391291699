/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/emit.h"

void dm_emit_target(struct dm_buf *labels, const struct dm_collect *c)
{
	dm_record_label_bytes(labels, "instance", dm_str(c->options.instance));
	dm_record_label_bytes(labels, "job", dm_str(c->options.job));
}

void dm_emit_container_labels(
    struct dm_container *container, struct dm_str target)
{
	struct dm_buf *labels = &container->labels;

	dm_buf_clear(labels);
	dm_record_label_text(labels, target);
	dm_record_label_bytes(labels, "id", dm_str(container->cgroup));
	if (container->name)
		dm_record_label_bytes(labels, "name", dm_str(container->name));
	if (container->image)
		dm_record_label_bytes(
		    labels, "image", dm_str(container->image));
	dm_record_label_text(labels, dm_buf_str(&container->extra_labels));
	container->relabel = false;
}

static void add_main(struct dm_buf *b, int64_t ts_us, const char *kind,
    struct dm_str labels, const struct dm_part *parts, unsigned with)
{
	dm_record_begin(b, ts_us, kind);
	dm_record_label_text(b, labels);
	dm_record_metrics(b);
	for (unsigned i = 0; i < DM_SOURCES_MAX; i++) {
		if (with & 1U << i)
			dm_record_metric_text(
			    b, dm_buf_str(&parts[i].main.text));
	}
	dm_record_end(b);
}

static unsigned add_rows(struct dm_buf *b, int64_t ts_us, struct dm_str labels,
    const struct dm_part *part)
{
	const char *text = part->text.p;
	unsigned samples = 0;

	for (size_t i = 0; i < part->n_rows; i++) {
		const struct dm_row *r = &part->rows[i];

		if (r->n == 0)
			continue;
		dm_record_begin(b, ts_us, r->kind);
		dm_record_label_text(b, labels);
		dm_record_label_text(
		    b, (struct dm_str){text + r->labels, r->labels_n});
		dm_record_metrics(b);
		dm_record_metric_text(
		    b, (struct dm_str){text + r->metrics, r->metrics_n});
		dm_record_end(b);
		samples += r->n;
	}
	return samples;
}

unsigned dm_emit_parts(struct dm_buf *b, int64_t ts_us, const char *kind,
    struct dm_str labels, const struct dm_part *parts, unsigned with)
{
	unsigned samples = 0;

	for (unsigned i = 0; i < DM_SOURCES_MAX; i++) {
		if (!(with & 1U << i))
			continue;
		if (parts[i].main.text.failed || parts[i].text.failed)
			b->failed = true;
		samples += parts[i].main.n;
	}
	if (samples && !b->failed)
		add_main(b, ts_us, kind, labels, parts, with);
	for (unsigned i = 0; i < DM_SOURCES_MAX && !b->failed; i++) {
		if (with & 1U << i)
			samples += add_rows(b, ts_us, labels, &parts[i]);
	}
	return samples;
}
