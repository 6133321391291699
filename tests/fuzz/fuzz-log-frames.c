/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* How many bytes at once, how many lines, and what an engine answers when it
 * is asked for a log: it says the same as when it comes at once. */
#include <assert.h>

#include "collect/log-line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
	struct dm_buf b;
	unsigned left;
};

static bool take(void *ctx, struct dm_str line)
{
	struct told *t = ctx;

	assert(line.n > 0 && line.n <= DM_LOG_LINE_BYTES);
	assert(!memchr(line.p, '\n', line.n));
	dm_buf_add_str(&t->b, line);
	dm_buf_add_char(&t->b, '\n');
	if (dm_log_line_time_ns(&line) == 0)
		assert(line.n > 0);
	return --t->left > 0;
}

static int tell(
    struct dm_str in, bool raw, size_t step, unsigned n, struct told *t)
{
	struct dm_log_frames f = {.raw = raw};
	int rc = 0;

	while (rc == 0 && in.n) {
		size_t piece = step < in.n ? step : in.n, used = 0;

		t->left = n;
		rc = dm_log_frames_add(&f, in.p, piece, take, t, &used, NULL);
		assert(rc < 0 || (used > 0 && used <= piece));
		in = (struct dm_str){in.p + used, in.n - used};
	}
	dm_log_frames_end(&f, take, t);
	dm_log_frames_release(&f);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct told once = {0}, pieces = {0};
	bool raw = size > 0 && data[0] & 1;
	struct dm_str in = {(const char *)data + 2, size - 2};
	size_t step;
	int rc;

	if (size < 2)
		return 0;
	step = data[0] / 2 + 1U;
	rc = tell(in, raw, size, UINT32_MAX, &once);
	assert(tell(in, raw, step, data[1] + 1U, &pieces) == rc);
	assert(dm_str_eq(dm_buf_str(&once.b), dm_buf_str(&pieces.b)));
	dm_buf_release(&once.b);
	dm_buf_release(&pieces.b);
	return 0;
}
