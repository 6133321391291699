/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/users.h"

#include "base/array.h"

void dm_sessions_release(struct dm_sessions *s)
{
	free(s->list);
	*s = (struct dm_sessions){0};
}

void dm_sessions_begin(struct dm_sessions *s)
{
	for (size_t i = 0; i < s->n; i++) {
		s->list[i].alive = false;
		s->list[i].processes = 0;
	}
}

struct dm_session *dm_sessions_find(const struct dm_sessions *s, pid_t id)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->list[i].id == id)
			return &s->list[i];
	}
	return NULL;
}

struct dm_session *dm_sessions_see(struct dm_sessions *s, pid_t id, size_t max)
{
	struct dm_session *found = dm_sessions_find(s, id);

	if (found || s->n >= max ||
	    dm_array_grow(&s->list, s->n, &s->cap, sizeof(*s->list), NULL) < 0)
		return found;
	found = &s->list[s->n++];
	*found = (struct dm_session){
	    .id = id, .login = DM_UID_NONE, .audit = DM_UID_NONE};
	return found;
}

void dm_session_is(struct dm_session *s, uint32_t uid)
{
	for (unsigned i = 0; i < s->n_uids; i++) {
		if (s->uids[i] == uid)
			return;
	}
	if (s->n_uids < DM_SESSION_UIDS)
		s->uids[s->n_uids++] = uid;
}

void dm_sessions_drop(struct dm_sessions *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->list[i].alive)
			s->list[n++] = s->list[i];
	}
	s->n = n;
}
