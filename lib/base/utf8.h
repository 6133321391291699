/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_BASE_UTF8_H
#define DM_BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/**
 * The length of the character that starts at p: 1 to 4, or 0 if what stands
 * there is no UTF-8 (overlong forms, surrogates, and beyond U+10FFFF are
 * not). @n bytes may be looked at; n > 0.
 */
unsigned dm_utf8_len(const char *p, size_t n);

/** Is all of it UTF-8? */
bool dm_utf8_valid(const char *p, size_t n);

/** Add a code point <= 0x10FFFF as UTF-8. */
void dm_utf8_add(struct dm_buf *b, uint32_t code_point);

/**
 * Bytes from outside as text that can be read back: what is no UTF-8, and
 * NUL, is written as \xNN (a backslash, x, two lower-case digits), a
 * backslash as two. The result is valid UTF-8, not yet JSON.
 * Source: dmon-record(5).
 */
void dm_utf8_add_escaped(struct dm_buf *b, const char *p, size_t n);

/**
 * Text fit for a terminal or a log line: control characters (C0, DEL, C1),
 * those that end a line, turn the direction of text or can't be seen, and
 * bytes that are no UTF-8 become \xNN. Never more than dst_bytes, NUL
 * included; cuts at a character. Returns the length.
 */
size_t dm_utf8_printable(char *dst, size_t dst_bytes, const char *p, size_t n);

#endif
