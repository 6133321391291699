/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <stddef.h>

#include "collect/cgroup_metrics.h"
#include "collect/hugetlb.h"
#include "collect/started.h"
#include "record/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is written of a file must be a good text of metrics. */
static void check(const struct dm_metrics *m)
{
	struct dm_buf line = {0};
	struct dm_record record;
	static struct dm_scanner *scanner;
	struct dm_err err;

	if (!scanner)
		assert(dm_scanner_new(NULL, NULL, &scanner, &err) == 0);
	dm_record_begin(&line, 1, "container");
	dm_record_metrics(&line);
	dm_record_metric_text(&line, dm_buf_str(&m->text));
	dm_record_end(&line);
	assert(dm_buf_ok(&line, &err) == 0);
	line.n--; /* the newline */
	assert(dm_scan(scanner, dm_buf_str(&line), &record, &err) == 0);
	assert(record.n_metrics == m->n);
	dm_buf_release(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dm_str text = {(const char *)data, size};
	char name[24];
	uint64_t v;

	for (unsigned i = 0; i < dm_cgroup_n_files; i++) {
		struct dm_part part = {0};
		struct dm_cgroup_look look = {
		    .part = &part, .usage_bytes = size};

		dm_cgroup_files[i].add(&look, text);
		assert(look.n_io <= DM_CGROUP_DEVICES_MAX);
		check(&part.main);
		dm_part_release(&part);
	}
	if (dm_hugetlb_size(text, name, sizeof(name)))
		assert(strlen(name) < sizeof(name));
	if (!dm_started_ticks(text, &v))
		v = 0;
	if (!dm_started_boot(text, &v))
		v = 0;
	return 0;
}
