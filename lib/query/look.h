/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_QUERY_LOOK_H
#define DM_QUERY_LOOK_H

#include "query/view.h"
#include "series/catalog.h"

/* What is stored, as tables. */

/** The metrics. */
int dm_look_metrics(struct dm_buf *b, const struct dm_catalog *catalog,
    const struct dm_view *view, struct dm_err *err) DM_MUST_CHECK;

/** One metric, and its labels with some of their values.
 * Returns -1 with DM_ENODATA for one that there is not. */
int dm_look_metric(struct dm_buf *b, const struct dm_catalog *catalog,
    struct dm_str metric, const struct dm_view *view,
    struct dm_err *err) DM_MUST_CHECK;

/** The alerts that are pending or firing at a time, by the last record of
 * each: firing ones first, then as they began. */
int dm_look_alerts(struct dm_buf *b, const struct dm_catalog *catalog,
    int64_t at_us, const struct dm_view *view,
    struct dm_err *err) DM_MUST_CHECK;

#endif
