/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* What a container's posture is read from. The first byte chooses: an
 * engine's answer, a container's mountinfo (also as the host's), AppArmor's
 * or SELinux's text. A finding must be one that was seen, with a bounded
 * note. */
#include <stdlib.h>

#include "collect/docker-answer.h"
#include "collect/posture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void check(const struct dm_posture_side *s)
{
	expect((s->found & ~s->seen) == 0);
	expect(s->seen >> DM_POSTURE_N == 0);
	expect(dm_posture_score(s->found) <= 100);
	for (unsigned i = 0; i < DM_POSTURE_N; i++) {
		expect(s->notes[i].n <= 262);
		expect(s->notes[i].n == 0 || dm_posture_has(s->found, i));
	}
}

static void try_answer(struct dm_str text, struct dm_posture_side *s)
{
	static const char *const registries[] = {"docker.io"};
	struct dm_err err;
	json_t *answer = dm_docker_parse(text, &err);

	if (!answer)
		return;
	dm_docker_posture_read(answer, registries, 1, s);
	json_decref(answer);
}

static void try_mounts(struct dm_str text, struct dm_posture_side *s)
{
	struct dm_posture_mounts host = {0};
	struct dm_posture_mount m;
	struct dm_str rest = text;
	struct dm_err err;

	while (dm_posture_mount_next(&rest, &m))
		expect(m.root.p > text.p && m.fstype.n > 0 &&
		       m.fstype.p + m.fstype.n <= text.p + text.n);
	expect(dm_posture_mounts_read(&host, text, &err) == 0);
	dm_posture_see_mounts(s, &host, text);
	dm_posture_mounts_release(&host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dm_posture_side s = {0};
	struct dm_str text = {(const char *)data + 1, size - 1};

	if (size == 0)
		return 0;
	if (data[0] == 'a')
		try_answer(text, &s);
	else if (data[0] == 'm')
		try_mounts(text, &s);
	else
		dm_posture_see_attr(&s, text);
	check(&s);
	dm_posture_side_release(&s);
	return 0;
}
