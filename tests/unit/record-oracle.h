/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_TESTS_RECORD_ORACLE_H
#define DM_TESTS_RECORD_ORACLE_H

#include "record/scan.h"

/**
 * Read a line with the scanner and with jansson (JSON_DECODE_INT_AS_REAL,
 * JSON_REJECT_DUPLICATES) and compare: accepted or not, ts, kind, labels,
 * and each metric to the bit.
 * Returns NULL, or what differs.
 */
const char *oracle_compare(struct dm_scanner *s, struct dm_str line);

#endif
