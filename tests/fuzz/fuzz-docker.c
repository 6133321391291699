/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* An engine's answer, in pieces of as many bytes as the first one says, read
 * as each of those that we ask for, and as lines of events. */
#include <stdlib.h>

#include "collect/docker-event.h"
#include "collect/docker-split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_event(const json_t *answer)
{
	struct dm_docker_event event;
	struct dm_docker_who who;
	struct dm_err err;

	if (dm_docker_event_read(answer, &event, &err) > 0 &&
	    (event.who.id.n == 0 || !event.action || event.time_ns < 0))
		abort();
	if (dm_docker_who_read(answer, &who, &err) == 0 && who.id.n == 0)
		abort();
}

static int on_object(void *ctx, struct dm_str json, struct dm_err *err)
{
	json_t *answer = dm_docker_parse(json, err);
	struct dm_docker_version version;
	struct dm_docker_item item;
	struct dm_docker_details details;

	(void)ctx;
	if (!answer)
		return -1;
	if (dm_docker_version_read(answer, &version, err) == 0 &&
	    version.api == 0)
		abort();
	if (dm_docker_item_read(answer, &item, err) == 0 &&
	    (item.id.n == 0 || dm_docker_cut(item.name).n > item.name.n))
		abort();
	dm_docker_details_read(answer, &details);
	if (details.pid < 0 || details.cpus < 0)
		abort();
	read_event(answer);
	json_decref(answer);
	return 0;
}

static int on_line(void *ctx, struct dm_str text, struct dm_err *err)
{
	json_t *answer = dm_docker_parse(text, err);

	(void)ctx;
	if (text.n == 0 || memchr(text.p, '\n', text.n))
		abort();
	if (answer)
		read_event(answer);
	json_decref(answer);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	DM_AUTO_SPLIT struct dm_split s = {
	    .limits = {.total_bytes = 60000,
		.object_bytes = 20000,
		.depth = 64},
	    .object = on_object,
	};
	struct dm_docker_lines lines = {0};
	struct dm_err err;
	size_t step = size ? data[0] + 1u : 1;

	for (size_t i = 1; i < size; i += step) {
		size_t n = step < size - i ? step : size - i;

		if (dm_docker_lines_add(&lines, (const char *)data + i, n,
			on_line, NULL, &err) < 0)
			abort();
	}
	dm_buf_release(&lines.held);
	dm_split_clear(&s);
	for (size_t i = 1; i < size; i += step) {
		size_t n = step < size - i ? step : size - i;

		if (dm_split_add(&s, (const char *)data + i, n, &err) < 0)
			return 0;
	}
	if (dm_split_end(&s, &err) == 0 && s.depth != 0)
		abort();
	return 0;
}
