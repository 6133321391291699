/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines through one scanner, each twice, so that what it remembers is used;
 * jansson says what each should give. */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/record-oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dm_str rest = {(const char *)data, size}, line;
	DM_AUTO_SCANNER struct dm_scanner *s = NULL;

	if (dm_scanner_new(NULL, NULL, &s, NULL) < 0)
		return 0;
	while (dm_str_line(&rest, &line)) {
		for (int again = 0; again < 2; again++) {
			const char *differs = oracle_compare(s, line);

			if (differs) {
				fprintf(stderr, "%s: %.*s\n", differs,
				    (int)line.n, line.p);
				abort();
			}
		}
	}
	return 0;
}
