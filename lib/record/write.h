/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RECORD_WRITE_H
#define DM_RECORD_WRITE_H

#include "base/num.h"
#include "base/time.h"
#include "record/record.h"

/** Add a UTF-8 text as a JSON string, quotes included. Bytes that are no
 * UTF-8 are written as the text \xNN, so that the line stays good. */
void dm_json_quote(struct dm_buf *b, struct dm_str text);

/**
 * Add bytes from outside (a file's, process's or container's name) as a JSON
 * string that can be read back: what is no UTF-8 as the text \xNN, a
 * backslash as two. Source: dmon-record(5).
 */
void dm_json_quote_bytes(struct dm_buf *b, struct dm_str bytes);

/**
 * A record is written in this order, each call at most once:
 *
 *	dm_record_begin(&b, ts_us, "container");
 *	dm_record_label(&b, "name", DM_STR("web"));		any number
 *	dm_record_metrics(&b);
 *	dm_record_metric(&b, "container_processes", 3);	any number
 *	dm_record_end(&b);
 *
 * or, where other members follow, instead of the last call:
 *
 *	dm_record_members(&b);
 *	dm_buf_add_cstr(&b, ",\"status\":\"firing\"");
 *	dm_record_members_end(&b);
 */
void dm_record_begin(struct dm_buf *b, int64_t ts_us, const char *kind);
/** Add a label; a comma is put before it unless b is empty or ends in '{'.
 * Also adds to a text of labels alone, that has no braces. */
void dm_record_label(struct dm_buf *b, const char *name, struct dm_str value);
/** As dm_record_label, in digits. */
void dm_record_label_u64(struct dm_buf *b, const char *name, uint64_t value);
/** As dm_record_label, for bytes from outside: see dm_json_quote_bytes. */
void dm_record_label_bytes(
    struct dm_buf *b, const char *name, struct dm_str bytes);
/** Add labels as text: "a":"b","c":"d", as dm_record_label makes it. */
void dm_record_label_text(struct dm_buf *b, struct dm_str text);
void dm_record_metrics(struct dm_buf *b);
/** Add a metric; commas as with dm_record_label. Also adds to a text of
 * metrics alone, that has no braces. The name is written as is. */
void dm_record_metric(struct dm_buf *b, const char *name, double value);
void dm_record_metric_u64(struct dm_buf *b, const char *name, uint64_t value);
/** value / 10^decimals, exactly: nanoseconds as seconds with 9. */
void dm_record_metric_scaled(
    struct dm_buf *b, const char *name, int64_t value, unsigned decimals);
void dm_record_metric_null(struct dm_buf *b, const char *name);
void dm_record_metric_text(struct dm_buf *b, struct dm_str text);
/** Close the record and its line. */
void dm_record_end(struct dm_buf *b);
void dm_record_members(struct dm_buf *b);
void dm_record_members_end(struct dm_buf *b);

#endif
