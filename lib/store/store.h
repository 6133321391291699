/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_STORE_STORE_H
#define DM_STORE_STORE_H

#include "record/stream.h"
#include "series/catalog.h"
#include "series/window.h"

/*
 * Records on disk: an SQLite database, whose tables dmon-db(5) explains.
 * Errors name the file. DM_EBUSY: another writer holds the database, or is
 * recovering it; DM_EPERM: it may not be written or read; DM_ESYS: disk
 * full, damaged, of a newer version, not dmon's.
 */

/* ---- writing ---- */

struct dm_store_options {
	int64_t keep_us; /* delete records that are older; 0: none */
	int wait_ms;	 /* for another writer */
};

/** A writer. One process may have one of a database. */
struct dm_store;

/** Open a database for writing; made where there is none. */
int dm_store_open(const char *path, const struct dm_store_options *options,
    struct dm_store **ret, struct dm_err *err) DM_MUST_CHECK;

/** Records that have not been committed are dropped. The scanner must have
 * gone, or dm_store_forget been called for its identities. */
void dm_store_free(struct dm_store *s);
static inline void dm_store_cleanup(struct dm_store **s)
{
	dm_store_free(*s);
}
#define DM_AUTO_STORE DM_CLEANUP(dm_store_cleanup)

/** The scanner of the records to come. */
void dm_store_set_scanner(struct dm_store *s, const struct dm_scanner *scanner);

/**
 * Add a record; its identity's `user` is the store's. The first one begins a
 * transaction, which keeps other writers out until dm_store_commit. After a
 * failure there is nothing to do but dm_store_free.
 */
int dm_store_add(struct dm_store *s, const struct dm_record *r,
    struct dm_err *err) DM_MUST_CHECK;

/**
 * Make all that was added durable: when this returns 0 it is on disk, not
 * just in the kernel's cache. Also deletes some of what is too old, and
 * moves the log into the database when it has grown long.
 */
int dm_store_commit(struct dm_store *s, struct dm_err *err) DM_MUST_CHECK;

/** An identity goes: for dm_filter.forget. */
void dm_store_forget(struct dm_identity *identity);

/**
 * A filter that passes records on once they are stored. Set the first
 * three, the rest to 0, and run it with `only` in the stream's options: it
 * writes the records itself.
 */
struct dm_store_batch {
	struct dm_store *store;
	int64_t delay_us; /* a batch closes so long after its first record */
	bool silent;	  /* pass nothing on */
	/* its own: */
	size_t n;
	size_t bytes;
	int64_t due_ns;
	struct dm_buf held;
};

/* A batch closes with so many records or bytes as well. */
#define DM_STORE_BATCH_RECORDS 10000
#define DM_STORE_BATCH_BYTES   (16 * 1024 * 1024)

struct dm_filter dm_store_filter(struct dm_store_batch *b);
void dm_store_batch_release(struct dm_store_batch *b);
#define DM_AUTO_STORE_BATCH DM_CLEANUP(dm_store_batch_release)

/* ---- reading ---- */

/** Which records. {.from_us = INT64_MIN, .to_us = INT64_MAX}: all. */
struct dm_store_query {
	int64_t from_us, to_us; /* both ends belong to it */
	/** One of these must match; none: all do. One that asks for a name
	 * wants records that have such a metric. Lent while the reader
	 * lives. */
	const struct dm_selector *selectors;
	size_t n_selectors;
	/** One of these; none: any. */
	const struct dm_str *kinds;
	size_t n_kinds;
	/** Leave out sweep records that neither selectors nor kinds ask for.
	 * Otherwise those come along whose target (instance, job) has host,
	 * container or process records that are asked for. */
	bool no_sweeps;
};

/** Reads a database, beside its writer or without. */
struct dm_store_reader;

/**
 * Open a database to read what it holds now. Read permission suffices, for
 * the file and its -wal and -shm; where these are gone, all is in the file.
 */
int dm_store_reader_open(const char *path, const struct dm_store_query *query,
    struct dm_store_reader **ret, struct dm_err *err) DM_MUST_CHECK;
void dm_store_reader_free(struct dm_store_reader *r);
static inline void dm_store_reader_cleanup(struct dm_store_reader **r)
{
	dm_store_reader_free(*r);
}
#define DM_AUTO_STORE_READER DM_CLEANUP(dm_store_reader_cleanup)

/** A stored record. */
struct dm_stored {
	int64_t ts_us;
	struct dm_str line; /* as it came, without its newline; lent until
			     * the next call */
};

/**
 * The next record in the order stored. Memory is bounded, and the database
 * is held only while a part is read, not between calls.
 * Returns 1 a record, 0 the end, -1 an error.
 */
int dm_store_reader_next(struct dm_store_reader *r, struct dm_stored *ret,
    struct dm_err *err) DM_MUST_CHECK;

/* ---- queries ---- */

/** What is to be filled into a window. */
struct dm_store_fill {
	/** All that have been prepared on the window. */
	const struct dm_selector *const *selectors;
	size_t n_selectors;
	/** When will expressions with them be evaluated, both ends included,
	 * now that the greatest ts is known? INT64_MIN: there are no records.
	 * Returns 0, or -1 with err. */
	int (*when)(void *ctx, int64_t greatest_us, int64_t *ret_start_us,
	    int64_t *ret_end_us, struct dm_err *err);
	void *when_ctx;
	size_t max_samples;
	/** Asked now and then whether to stop, with DM_ESTOP; or NULL. */
	bool (*stop)(void *ctx);
	void *stop_ctx;
};

/**
 * Fill a window with the records that its selectors can look at, and those
 * that say when sweeps ended, in the order stored: what vanished is as stale
 * as if the window had seen the whole stream. (Records that came more than a
 * minute late behind some that are out of reach are taken for timely ones.)
 * Returns 0, or -1 with DM_ELIMIT for more than max_samples.
 */
int dm_store_fill(const char *path, const struct dm_store_fill *fill,
    struct dm_window *w, struct dm_err *err) DM_MUST_CHECK;

/**
 * What there is: a number that changes whenever the database does, and the
 * greatest ts of all records; INT64_MIN: there are none.
 */
int dm_store_look(const char *path, uint64_t *ret_version,
    int64_t *ret_greatest_us, struct dm_err *err) DM_MUST_CHECK;

/** What the database has, for people. @path  must live as long */
struct dm_catalog dm_store_catalog(const char *path);

#endif
