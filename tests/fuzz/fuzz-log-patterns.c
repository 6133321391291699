/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* A pattern file, a NUL, lines: a group that is given out lies in its line. */
#include <assert.h>

#include "collect/log-pattern.h"
#include "record/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct found {
	const struct dm_log_patterns *p;
	struct dm_buf labels;
};

static void matched(void *ctx, size_t i, struct dm_str line)
{
	struct found *f = ctx;

	assert(i < f->p->n);
	dm_buf_clear(&f->labels);
	dm_log_pattern_labels(&f->p->list[i], line, 9, &f->labels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *nul = size ? memchr(data, '\0', size) : NULL;
	struct dm_str file = {(const char *)data, size};
	struct dm_str rest = {"", 0}, line;
	struct dm_log_patterns p = {0};
	struct found f = {.p = &p};
	DM_AUTO_BUF struct dm_buf scratch = {0};
	uint64_t failed = 0;
	struct dm_err err;

	if (nul) {
		file.n = (size_t)(nul - file.p);
		rest = (struct dm_str){nul + 1, size - file.n - 1};
	}
	if (dm_log_patterns_add(&p, file, "f", &err) < 0)
		assert(err.code != DM_EINVAL || err.line > 0);
	for (size_t i = 0; i < p.n; i++)
		assert(p.list[i].first <= i && p.list[i].regex &&
		       !p.list[i].glob != !p.list[i].containers);
	(void)dm_log_patterns_of_container(&p, DM_STR("web"));
	while (dm_str_line(&rest, &line))
		dm_log_patterns_match(&p, UINT64_MAX,
		    dm_log_text(line, &scratch), matched, &f, &failed);
	dm_buf_release(&f.labels);
	dm_log_patterns_release(&p);
	return 0;
}
