/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/ndp.h"

#include <errno.h>

#include "base/array.h"

static struct dm_ndp_entry *find(
    const struct dm_ndp *s, const struct dm_neighbour_news *news)
{
	for (size_t i = 0; i < s->n; i++) {
		struct dm_ndp_entry *e = &s->list[i];

		if (e->device == news->device &&
		    memcmp(e->ip, news->ip, sizeof(e->ip)) == 0)
			return e;
	}
	return NULL;
}

/* A router that is gone: a neighbour may have claimed to be any number. */
static bool forget_one(struct dm_ndp *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->list[i].here)
			continue;
		s->list[i] = s->list[--s->n];
		return true;
	}
	return false;
}

static int add(struct dm_ndp *s, const struct dm_neighbour_news *news)
{
	struct dm_err err;
	struct dm_ndp_entry *e;

	if (s->n == DM_NDP_MAX && !forget_one(s))
		return 0;
	if (dm_array_grow(&s->list, s->n, &s->cap, sizeof(*s->list), &err) < 0)
		return ENOMEM;
	e = &s->list[s->n++];
	*e = (struct dm_ndp_entry){.device = news->device,
	    .mac = news->mac,
	    .router = news->router,
	    .here = true};
	memcpy(e->ip, news->ip, sizeof(e->ip));
	s->judged = false;
	return 0;
}

/* A router that nobody asked for lately may come back as another. */
static void leave(struct dm_ndp *s, struct dm_ndp_entry *e)
{
	e->here = false;
	if (!e->router)
		*e = s->list[--s->n];
	s->judged = false;
}

int dm_ndp_step(struct dm_ndp *s, const struct dm_neighbour_news *news)
{
	struct dm_ndp_entry *e = find(s, news);

	if (!e)
		return news->here ? add(s, news) : 0;
	if (!news->here) {
		leave(s, e);
		return 0;
	}
	if (e->mac != news->mac) {
		s->changes++;
		s->router_changes += e->router;
	}
	if (e->mac != news->mac || !e->here || (news->router && !e->router))
		s->judged = false;
	e->mac = news->mac;
	e->here = true;
	/* Who takes a router's place may not say that it is one. */
	e->router |= news->router;
	return 0;
}

/* A router has several addresses as a rule, and says of each that it is one:
 * one of another kind at the same MAC address is a host's. */
static bool in_conflict(const struct dm_ndp *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct dm_ndp_entry *a = &s->list[i];

		for (size_t k = 0; a->router && a->here && k < s->n; k++) {
			const struct dm_ndp_entry *b = &s->list[k];

			if (!b->router && b->mac == a->mac &&
			    b->device == a->device)
				return true;
		}
	}
	return false;
}

void dm_ndp_write(struct dm_ndp *s, struct dm_metrics *m)
{
	uint64_t here = 0;

	for (size_t i = 0; i < s->n; i++)
		here += s->list[i].here;
	if (!s->judged)
		s->conflict = in_conflict(s);
	s->judged = true;
	dm_metrics_u64(m, "container_network_ndp_entries", here);
	dm_metrics_u64(m, "container_network_ndp_conflict", s->conflict);
	dm_metrics_u64(m, "container_network_ndp_changes_total", s->changes);
	dm_metrics_u64(
	    m, "container_network_router_changes_total", s->router_changes);
}

void dm_ndp_release(struct dm_ndp *s)
{
	free(s->list);
	*s = (struct dm_ndp){0};
}
