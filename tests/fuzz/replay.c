/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* Hands the files of a fuzz target's corpus to it, where there is no fuzzer:
 * fuzz-x FILE... */
#include <stdint.h>
#include <stdio.h>

#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		DM_AUTO_BUF struct dm_buf b = {0};
		DM_AUTO_FREE uint8_t *exact = NULL;
		struct dm_err err;

		if (dm_file_read(argv[i], 64u << 20, &b, &err) < 0) {
			fprintf(stderr, "%s\n", err.msg);
			return 1;
		}
		/* Of just its size, so that ASan sees a byte too far. */
		exact = malloc(b.n ? b.n : 1);
		if (!exact)
			return 1;
		if (b.n)
			memcpy(exact, b.p, b.n);
		LLVMFuzzerTestOneInput(exact, b.n);
	}
	return 0;
}
