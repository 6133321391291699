/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/neighbours.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/route.h>

#define COMPLETE 0x2 /* ATF_COM of linux/if_arp.h */

static bool take_device(struct dm_str word, struct dm_neighbour *ret)
{
	if (word.n >= sizeof(ret->device))
		return false;
	memcpy(ret->device, word.p, word.n);
	ret->device[word.n] = '\0';
	return true;
}

static bool take_ip(struct dm_str word, uint32_t *ret)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr in;

	if (word.n >= sizeof(text))
		return false;
	memcpy(text, word.p, word.n);
	text[word.n] = '\0';
	if (inet_pton(AF_INET, text, &in) != 1)
		return false;
	*ret = in.s_addr;
	return true;
}

/* "02:42:0a:00:00:01" */
static bool take_mac(struct dm_str word, uint64_t *ret)
{
	struct dm_str byte;
	uint64_t mac = 0, value;
	unsigned n = 0;

	while (n < 6 && dm_str_cut(&word, ':', &byte) && byte.n == 2 &&
	       dm_str_hex64(byte, &value)) {
		mac = mac << 8 | value;
		n++;
	}
	*ret = mac;
	return n == 6 && word.n == 0 && mac != 0;
}

static bool take_hex(struct dm_str word, uint64_t *ret)
{
	if (!dm_str_starts(word, "0x"))
		return false;
	return dm_str_hex64((struct dm_str){word.p + 2, word.n - 2}, ret);
}

/* "10.0.0.1  0x1  0x2  02:42:0a:00:00:01  *  eth0" */
bool dm_neighbour_next(struct dm_str *rest, struct dm_neighbour *ret)
{
	struct dm_str line, ip, type, flags, mac, mask, device;
	uint64_t bits;

	while (dm_str_line(rest, &line)) {
		struct dm_neighbour e = {0};

		if (dm_str_word(&line, &ip) && dm_str_word(&line, &type) &&
		    dm_str_word(&line, &flags) && dm_str_word(&line, &mac) &&
		    dm_str_word(&line, &mask) && dm_str_word(&line, &device) &&
		    take_hex(flags, &bits) && bits & COMPLETE &&
		    take_ip(ip, &e.ip) && take_mac(mac, &e.mac) &&
		    take_device(device, &e)) {
			*ret = e;
			return true;
		}
	}
	return false;
}

/* "eth0 00000000 0100000A 0003 ...": addresses as they lie in memory. */
unsigned dm_gateways(struct dm_str route, struct dm_neighbour *ret)
{
	struct dm_str line, device, to, gateway, flags;
	uint64_t ip, bits;
	unsigned n = 0;

	while (n < DM_GATEWAYS_MAX && dm_str_line(&route, &line)) {
		struct dm_neighbour e = {.gateway = true};

		if (!dm_str_word(&line, &device) || !dm_str_word(&line, &to) ||
		    !dm_str_word(&line, &gateway) ||
		    !dm_str_word(&line, &flags) || gateway.n != 8 ||
		    !dm_str_hex64(gateway, &ip) ||
		    !dm_str_hex64(flags, &bits) || !(bits & RTF_GATEWAY) ||
		    !take_device(device, &e))
			continue;
		e.ip = (uint32_t)ip;
		ret[n++] = e;
	}
	return n;
}

static bool same_place(
    const struct dm_neighbour *a, const struct dm_neighbour *b)
{
	return a->ip == b->ip && strcmp(a->device, b->device) == 0;
}

static const struct dm_neighbour *find(
    const struct dm_neighbour *list, size_t n, const struct dm_neighbour *e)
{
	for (size_t i = 0; i < n; i++) {
		if (same_place(&list[i], e))
			return &list[i];
	}
	return NULL;
}

static bool in_conflict(const struct dm_neighbour *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; list[i].gateway && k < n; k++) {
			if (list[k].mac == list[i].mac &&
			    list[k].ip != list[i].ip &&
			    strcmp(list[k].device, list[i].device) == 0)
				return true;
		}
	}
	return false;
}

static void compare(struct dm_neighbours *s, const struct dm_neighbour *e)
{
	const struct dm_neighbour *was = find(s->list, s->n, e);

	if (!was || was->mac == e->mac)
		return;
	s->changes++;
	s->gateway_changes += e->gateway;
}

int dm_neighbours_step(struct dm_neighbours *s, struct dm_str arp,
    const struct dm_neighbour *gateways, unsigned n_gateways)
{
	const size_t most = DM_NEIGHBOURS_MAX + DM_GATEWAYS_MAX;
	DM_AUTO_FREE struct dm_neighbour *now = calloc(most, sizeof(*now));
	struct dm_neighbour e, *fit;
	size_t n = 0;

	if (!now)
		return ENOMEM;
	while (n < DM_NEIGHBOURS_MAX && dm_neighbour_next(&arp, &e)) {
		e.gateway = find(gateways, n_gateways, &e) != NULL;
		compare(s, &e);
		now[n++] = e;
	}
	s->entries = (unsigned)n;
	s->conflict = in_conflict(now, n);
	/* A gateway that nobody asked for lately may come back as another. */
	for (size_t i = 0; i < s->n && n < most; i++) {
		if (s->list[i].gateway && !find(now, n, &s->list[i]))
			now[n++] = s->list[i];
	}
	fit = n ? reallocarray(NULL, n, sizeof(*fit)) : NULL;
	if (n && !fit)
		return ENOMEM;
	if (n)
		memcpy(fit, now, n * sizeof(*fit));
	free(s->list);
	s->list = fit;
	s->n = n;
	s->seen = true;
	return 0;
}

/* Interfaces go by numbers in what is heard, by names in tables. Where only one
 * is meant, each change counts, also one that is undone before the table is
 * read. */
bool dm_neighbours_hear(struct dm_neighbours *s, uint32_t ip, uint64_t mac)
{
	struct dm_neighbour *known = NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->list[i].ip != ip)
			continue;
		if (s->list[i].mac == mac)
			return false;
		known = &s->list[i];
		n++;
	}
	if (n == 1) {
		s->changes++;
		s->gateway_changes += known->gateway;
		known->mac = mac;
	}
	return true;
}

void dm_neighbours_write(const struct dm_neighbours *s, struct dm_metrics *m)
{
	if (!s->seen)
		return;
	dm_metrics_u64(m, "container_network_arp_entries", s->entries);
	dm_metrics_u64(m, "container_network_arp_conflict", s->conflict);
	dm_metrics_u64(m, "container_network_arp_changes_total", s->changes);
	dm_metrics_u64(
	    m, "container_network_gateway_changes_total", s->gateway_changes);
}

void dm_neighbours_release(struct dm_neighbours *s)
{
	free(s->list);
	*s = (struct dm_neighbours){0};
}
