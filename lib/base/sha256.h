/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_BASE_SHA256_H
#define DM_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

/** SHA-256 of bytes that come in pieces. Source: FIPS 180-4. */
struct dm_sha256 {
	uint32_t state[8];
	uint64_t n_bytes;
	uint8_t block[64]; /* what is not yet hashed: n_bytes % 64 of it */
};

#define DM_SHA256_HEX_BYTES 65

void dm_sha256_init(struct dm_sha256 *s);
void dm_sha256_step(struct dm_sha256 *s, const void *p, size_t n);

/** The hash in hexadecimal; s must be initialized before it is used again. */
void dm_sha256_get(struct dm_sha256 *s, char ret[DM_SHA256_HEX_BYTES]);

#endif
