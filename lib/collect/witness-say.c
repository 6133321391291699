/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME(x)	     "host_event_witness_" x
#define TEXT_BYTES   512	/* of what was and what is, in a label */
#define STEP_BYTES   (8U << 20) /* hashed in a sweep */
#define PIECE_BYTES  (64U << 10)
#define HASHED_BYTES (512U << 20) /* no larger file is */

static bool is_list(const struct dm_witness *w)
{
	return w->is.kind != DM_WITNESS_TEXT && w->is.kind != DM_WITNESS_FILE;
}

static void begin(struct dm_part *part, const struct dm_witness *w)
{
	dm_row_begin(part, "event");
	dm_record_label(&part->text, "what", dm_str(w->is.what));
}

static void add_path(struct dm_part *part, const struct dm_witness *w)
{
	static const char *const roots[DM_WITNESS_ROOTS] = {
	    "/proc/", "/sys/", "/"};
	DM_AUTO_BUF struct dm_buf path = {0};

	dm_buf_add_cstr(&path, roots[w->is.root]);
	dm_buf_add_cstr(&path, w->is.path);
	part->text.failed |= path.failed;
	dm_record_label_bytes(&part->text, "path", dm_buf_str(&path));
}

/* Before the event: a rule on the event asks for what it was. */
static void add_info(
    struct dm_witnesses *s, const struct dm_witness *w, struct dm_part *part)
{
	struct dm_str was = dm_buf_str(&w->now), is = dm_buf_str(&s->text);

	dm_buf_clear(&s->old);
	dm_buf_clear(&s->now);
	if (is_list(w)) {
		dm_entries_differ(was, is, &s->old, &s->now, TEXT_BYTES);
	} else {
		dm_witness_cut(&s->old, was, TEXT_BYTES);
		dm_witness_cut(&s->now, is, TEXT_BYTES);
	}
	part->text.failed |= s->old.failed || s->now.failed;
	begin(part, w);
	add_path(part, w);
	dm_record_label_bytes(&part->text, "old", dm_buf_str(&s->old));
	dm_record_label_bytes(&part->text, "new", dm_buf_str(&s->now));
	dm_row_metrics(part);
	dm_row_u64(part, NAME("info"), 1);
	dm_row_end(part);
}

static void add_event(struct dm_witnesses *s, struct dm_witness *w, bool undone,
    struct dm_part *part)
{
	add_info(s, w, part);
	begin(part, w);
	dm_row_metrics(part);
	dm_row_u64(part, NAME("change"), 1);
	dm_row_u64(part, NAME("undone"), undone);
	if (w->is.kind == DM_WITNESS_FILE)
		dm_row_u64(part, NAME("in_place"),
		    dm_witness_in_place(
			dm_buf_str(&w->now), dm_buf_str(&s->text)));
	dm_row_end(part);
	w->said_ns = dm_time_mono_ns();
}

static void stop_hashing(struct dm_witness_hash *h)
{
	if (h->of)
		close(h->fd);
	h->of = NULL;
}

int dm_witness_look(struct dm_witnesses *s, struct dm_witness *w,
    struct dm_part *part, struct dm_err *err)
{
	bool written = w->written, same;
	int seen = dm_witness_see(s, w, err);
	struct dm_buf t;

	if (seen <= 0)
		return seen;
	w->dirty = w->written = false;
	same = w->known && dm_str_eq(dm_buf_str(&w->now), dm_buf_str(&s->text));
	/* Of files and folders their times tell. */
	if (same && written &&
	    (w->is.kind == DM_WITNESS_TEXT || w->is.kind == DM_WITNESS_BINFMT))
		add_event(s, w, true, part);
	if (same)
		return 0;
	if (w->known) {
		add_event(s, w, false, part);
		if (s->hash.of == w)
			stop_hashing(&s->hash);
		w->hash = w->is.kind == DM_WITNESS_FILE && s->text.n;
	} else {
		w->first = dm_hash(s->text.p, s->text.n);
	}
	w->known = true;
	w->changed = w->first != dm_hash(s->text.p, s->text.n);
	t = w->now;
	w->now = s->text;
	s->text = t;
	return 0;
}

static bool start_hashing(struct dm_witnesses *s)
{
	struct dm_witness_hash *h = &s->hash;

	for (size_t i = 0; !h->of && i < s->n; i++) {
		struct dm_witness *w = &s->list[i];
		struct stat st;

		if (!w->hash)
			continue;
		w->hash = false;
		h->fd = dm_witness_open(s, w, O_RDONLY | O_NONBLOCK | O_NOCTTY);
		if (h->fd < 0)
			continue;
		h->of = w;
		h->left = HASHED_BYTES;
		dm_sha256_init(&h->sha);
		if (fstat(h->fd, &st) < 0 || !S_ISREG(st.st_mode))
			stop_hashing(h);
	}
	return h->of != NULL;
}

static void add_hash(struct dm_witness_hash *h, struct dm_part *part)
{
	char hex[DM_SHA256_HEX_BYTES];

	dm_sha256_get(&h->sha, hex);
	begin(part, h->of);
	add_path(part, h->of);
	dm_record_label(&part->text, "sha256", dm_str(hex));
	dm_row_metrics(part);
	dm_row_u64(part, NAME("content_info"), 1);
	dm_row_end(part);
}

void dm_witness_hash_step(struct dm_witnesses *s, struct dm_part *part)
{
	struct dm_witness_hash *h = &s->hash;
	size_t left = STEP_BYTES;

	while (left && start_hashing(s)) {
		ssize_t n;

		dm_buf_clear(&s->text);
		if (!dm_buf_reserve(&s->text, PIECE_BYTES))
			return;
		n = read(h->fd, s->text.p, PIECE_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			add_hash(h, part);
		if (n <= 0 || (uint64_t)n > h->left) {
			stop_hashing(h);
			continue;
		}
		dm_sha256_step(&h->sha, s->text.p, (size_t)n);
		h->left -= (uint64_t)n;
		left -= (size_t)n < left ? (size_t)n : left;
	}
}

void dm_witness_rows(const struct dm_witnesses *s, struct dm_part *part)
{
	for (size_t i = 0; i < s->n;) {
		const char *what = s->list[i].is.what;
		bool known = false, changed = false;

		for (; i < s->n && strcmp(s->list[i].is.what, what) == 0; i++) {
			const struct dm_witness *w = &s->list[i];

			known |= w->known;
			changed |=
			    w->known && w->first != dm_hash(w->now.p, w->now.n);
		}
		if (!known)
			continue;
		dm_row_begin(part, "host");
		dm_record_label(&part->text, "what", dm_str(what));
		dm_row_metrics(part);
		dm_row_u64(part, "node_witness_changed", changed);
		dm_row_end(part);
	}
}
