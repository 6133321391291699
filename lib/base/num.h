/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_BASE_NUM_H
#define DM_BASE_NUM_H

#include "base/buf.h"

/**
 * A JSON number to the nearest double, ties to even.
 * @s  matches JSON's number grammar; the caller has seen to that
 * Returns false where it lies beyond the doubles (1e999). Allocates only for
 * texts of more than 127 bytes.
 * Source of the short way: Clinger, How to read floating point numbers
 * accurately, 1990.
 */
bool dm_num_parse(struct dm_str s, double *ret);

/**
 * A text that a user wrote, as strtod takes it but for hexadecimal: "1",
 * "-2.5e3", "Inf", "NaN". The whole of s.
 */
bool dm_num_parse_user(struct dm_str s, double *ret);

/**
 * Add v so that reading it gives the very same double: as a JSON number, or
 * as the strings "NaN", "+Inf", "-Inf", quotes included, as in a record.
 */
void dm_num_add(struct dm_buf *b, double v);

void dm_num_add_u64(struct dm_buf *b, uint64_t v);
void dm_num_add_i64(struct dm_buf *b, int64_t v);

/**
 * Add v / 10^decimals without rounding, trailing zeros dropped, at least
 * one digit before the point. E.g. 1500000000 ns with 9 is 1.5.
 */
void dm_num_add_scaled(struct dm_buf *b, int64_t v, unsigned decimals);

#endif
