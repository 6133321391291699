/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/time.h"
#include "store/store.h"

static int commit(
    struct dm_store_batch *b, struct dm_buf *out, struct dm_err *err)
{
	struct dm_buf held = b->held;

	if (dm_store_commit(b->store, err) < 0)
		return -1;
	b->n = 0;
	b->bytes = 0;
	if (out->n == 0) {
		/* A batch is large: it changes hands rather than places. */
		b->held = *out;
		*out = held;
	} else {
		dm_buf_add_str(out, dm_buf_str(&b->held));
	}
	dm_buf_clear(&b->held);
	return dm_buf_ok(out, err);
}

static int start(void *ctx, struct dm_scanner *scanner, struct dm_err *err)
{
	struct dm_store_batch *b = ctx;

	(void)err;
	dm_store_set_scanner(b->store, scanner);
	return 0;
}

static int record(void *ctx, const struct dm_record *r, struct dm_buf *out,
    struct dm_err *err)
{
	struct dm_store_batch *b = ctx;

	if (b->n == 0)
		b->due_ns = dm_time_mono_ns() + b->delay_us * 1000;
	if (dm_store_add(b->store, r, err) < 0)
		return -1;
	b->n++;
	b->bytes += r->line.n + 1;
	if (!b->silent) {
		dm_buf_add_str(&b->held, r->line);
		dm_buf_add_char(&b->held, '\n');
		if (dm_buf_ok(&b->held, err) < 0)
			return -1;
	}
	if (b->n < DM_STORE_BATCH_RECORDS && b->bytes < DM_STORE_BATCH_BYTES)
		return 0;
	return commit(b, out, err);
}

static int64_t deadline_ns(void *ctx)
{
	const struct dm_store_batch *b = ctx;

	return b->n ? b->due_ns : INT64_MAX;
}

static int due(void *ctx, struct dm_buf *out, struct dm_err *err)
{
	return commit(ctx, out, err);
}

static void forget(void *ctx, struct dm_identity *identity)
{
	(void)ctx;
	dm_store_forget(identity);
}

struct dm_filter dm_store_filter(struct dm_store_batch *b)
{
	return (struct dm_filter){
	    .ctx = b,
	    .start = start,
	    .record = record,
	    .deadline_ns = deadline_ns,
	    .tick = due,
	    .end = due,
	    .forget = forget,
	};
}

void dm_store_batch_release(struct dm_store_batch *b)
{
	dm_buf_release(&b->held);
}
