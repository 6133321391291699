/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RULES_GO_PRINT_H
#define DM_RULES_GO_PRINT_H

#include "base/buf.h"

/* Values as Go prints them. */

/** A number as strconv.FormatFloat(v, 'g', -1, 64) and fmt's %v: 1e+06. */
void dm_go_float(struct dm_buf *b, double v);
/** A number as strconv.FormatFloat(v, 'E', -1, 64): 1E+06. */
void dm_go_float_exp(struct dm_buf *b, double v);
/** A text as strconv.Quote; characters that a terminal would act on, and
 * bytes that are no UTF-8, are escaped. */
void dm_go_quote(struct dm_buf *b, struct dm_str s);
/** A time.Duration: 1h0m0s, 1m30s, 1.5ms, 0s. */
void dm_go_duration(struct dm_buf *b, int64_t ns);
/** A duration as Prometheus's model.Duration: 1h, 1m30s, 1d, 0s; what is
 * less than a millisecond is dropped. */
void dm_go_model_duration(struct dm_buf *b, int64_t us);

#endif
