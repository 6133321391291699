/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_EMIT_H
#define DM_COLLECT_EMIT_H

#include "collect/source.h"

/** Who a record is about, as text: instance and job, a container's too. */
void dm_emit_target(struct dm_buf *labels, const struct dm_collect *c);
void dm_emit_container_labels(
    struct dm_container *container, struct dm_str target);

/**
 * Add the records of some parts about one subject.
 * @kind   of the record without further labels
 * @parts  by the source's index
 * @with   a bit for each part that is to be written
 * @b      gets the records; none where there are no metrics
 * Returns the number of metrics.
 */
unsigned dm_emit_parts(struct dm_buf *b, int64_t ts_us, const char *kind,
    struct dm_str labels, const struct dm_part *parts, unsigned with);

#endif
