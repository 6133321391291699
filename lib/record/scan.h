/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RECORD_SCAN_H
#define DM_RECORD_SCAN_H

#include "base/buf.h"
#include "base/map.h"
#include "record/record.h"

/**
 * The record scanner: strict JSON (RFC 8259, UTF-8, no duplicate keys, no
 * U+0000, no number beyond the doubles), and of a record's members ts a
 * number, kind a string, labels strings by name, metrics numbers, null,
 * "NaN", "+Inf" or "-Inf" by name. It checks all of a line and converts ts,
 * and of the metrics those that their digits tell at once. What a stream says
 * again and again, the start of a line, labels and metric names, it knows by
 * comparing bytes with what stood there last time.
 */
struct dm_scanner;

/**
 * @forget      called before an identity goes whose user is not NULL; may be
 *              NULL. Identities go when there are many that have not been
 *              seen for long, and with the scanner.
 */
int dm_scanner_new(void (*forget)(void *ctx, struct dm_identity *identity),
    void *ctx, struct dm_scanner **ret, struct dm_err *err) DM_MUST_CHECK;
void dm_scanner_free(struct dm_scanner *s);
static inline void dm_scanner_cleanup(struct dm_scanner **s)
{
	dm_scanner_free(*s);
}
#define DM_AUTO_SCANNER DM_CLEANUP(dm_scanner_cleanup)

/**
 * Read one line, without its newline.
 * Returns 0, or -1 with DM_EPARSE or DM_ELIMIT and the column (in bytes,
 * from 1), or DM_ENOMEM.
 */
int dm_scan(struct dm_scanner *s, struct dm_str line, struct dm_record *ret,
    struct dm_err *err) DM_MUST_CHECK;

/** A metric's name, unescaped; lent, as its id is, while dm_scan_epoch stays
 * the same. Ids are small. */
struct dm_str dm_scan_name(const struct dm_scanner *s, uint32_t name);

/** The id of a name, new if need be; it stays while the scanner lives. */
int dm_scan_name_id(struct dm_scanner *s, struct dm_str name, uint32_t *ret,
    struct dm_err *err) DM_MUST_CHECK;

/** Ids of names are below it. */
size_t dm_scan_n_names(const struct dm_scanner *s);

/**
 * It changes when there have been so many names that they are let go: ids of
 * names and shapes of records from before then mean nothing, or something
 * else.
 */
uint64_t dm_scan_epoch(const struct dm_scanner *s);

/**
 * Walk the members of an object that a scanner has checked: a record's line,
 * identity->labels, or a member's value.
 * @rest  at first the object's text; moves on
 * Returns false at the end. Names and values are as they stand, strings with
 * their quotes and escapes: see dm_json_unquote.
 */
bool dm_json_member(
    struct dm_str *rest, struct dm_str *ret_name, struct dm_str *ret_value);

/** A member of a checked object by its unescaped name; false if there is
 * none. */
bool dm_json_find(
    struct dm_str object, const char *name, struct dm_str *ret_value);

/** Add what a checked JSON string stands for (quotes taken off). */
void dm_json_unquote(struct dm_buf *b, struct dm_str quoted);

#endif
