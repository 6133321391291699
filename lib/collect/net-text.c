/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/net-text.h"

bool dm_net_dev_next(struct dm_str *rest, struct dm_net_dev *ret)
{
	struct dm_str line, word;

	while (dm_str_line(rest, &line)) {
		/* A name may hold colons; a value does not. */
		const char *colon =
		    line.n ? memrchr(line.p, ':', line.n) : NULL;
		struct dm_net_dev dev;
		unsigned i = 0;

		if (!colon)
			continue;
		dev.name = dm_str_trim(
		    (struct dm_str){line.p, (size_t)(colon - line.p)});
		line = (struct dm_str){
		    colon + 1, line.n - (size_t)(colon + 1 - line.p)};
		while (i < DM_NET_COLUMNS && dm_str_word(&line, &word) &&
		       dm_str_u64(word, &dev.values[i]))
			i++;
		if (i < DM_NET_COLUMNS || dev.name.n == 0)
			continue;
		*ret = dev;
		return true;
	}
	return false;
}

/* The line that begins with this word and a colon, without them. */
static bool line_of(struct dm_str text, const char *group, struct dm_str *ret)
{
	size_t n = strlen(group);
	struct dm_str line;

	while (dm_str_line(&text, &line)) {
		if (line.n > n && line.p[n] == ':' &&
		    memcmp(line.p, group, n) == 0) {
			*ret = (struct dm_str){line.p + n + 1, line.n - n - 1};
			return true;
		}
	}
	return false;
}

bool dm_net_sockstat(
    struct dm_str text, const char *protocol, const char *key, uint64_t *ret)
{
	struct dm_str line, name, value;

	if (!line_of(text, protocol, &line))
		return false;
	while (dm_str_word(&line, &name) && dm_str_word(&line, &value)) {
		if (dm_str_is(name, key))
			return dm_str_u64(value, ret);
	}
	return false;
}

/* A pair of lines: those wanted that are of its group. */
static uint64_t counters_of(struct dm_str names, struct dm_str values,
    const struct dm_net_counter *wanted, unsigned from, unsigned to,
    uint64_t *ret)
{
	unsigned left = to - from;
	struct dm_str name, value;
	uint64_t found = 0;

	while (left && dm_str_word(&names, &name) &&
	       dm_str_word(&values, &value)) {
		for (unsigned i = from; i < to; i++) {
			if (found & UINT64_C(1) << i ||
			    !dm_str_is(name, wanted[i].name))
				continue;
			left--;
			if (dm_str_u64(value, &ret[i]))
				found |= UINT64_C(1) << i;
			break;
		}
	}
	return found;
}

uint64_t dm_net_counters(struct dm_str text,
    const struct dm_net_counter *wanted, unsigned n, uint64_t *values)
{
	struct dm_str names, line, group;
	uint64_t found = 0;

	while (dm_str_line(&text, &names) && dm_str_line(&text, &line)) {
		unsigned from = 0, to;

		if (!dm_str_word(&names, &group) || group.n < 2 ||
		    line.n < group.n || memcmp(line.p, group.p, group.n) != 0)
			continue;
		group.n--; /* the colon */
		while (from < n && !dm_str_is(group, wanted[from].group))
			from++;
		to = from;
		while (to < n && dm_str_is(group, wanted[to].group))
			to++;
		line =
		    (struct dm_str){line.p + group.n + 1, line.n - group.n - 1};
		found |= counters_of(names, line, wanted, from, to, values);
	}
	return found;
}

const char *dm_net_tcp_state(unsigned state)
{
	static const char *const names[DM_TCP_STATES] = {"established",
	    "synsent", "synrecv", "finwait1", "finwait2", "timewait", "close",
	    "closewait", "lastack", "listen", "closing"};

	return names[state - 1];
}

/* The words of a socket's line from its state on: "st tx:rx tr:tm …". */
static bool socket_line(struct dm_str *line, uint64_t *ret_state)
{
	struct dm_str number, local, remote, state;

	return dm_str_word(line, &number) && dm_str_ends(number, ":") &&
	       dm_str_word(line, &local) && dm_str_word(line, &remote) &&
	       dm_str_word(line, &state) && dm_str_hex64(state, ret_state);
}

void dm_net_tcp_count(struct dm_str text, uint64_t ret[DM_TCP_STATES])
{
	struct dm_str line;

	memset(ret, 0, DM_TCP_STATES * sizeof(ret[0]));
	while (dm_str_line(&text, &line)) {
		uint64_t state;

		if (!socket_line(&line, &state))
			continue;
		/* A half-open connection without its listener's socket. */
		if (state == 12)
			state = 3;
		if (state >= 1 && state <= DM_TCP_STATES)
			ret[state - 1]++;
	}
}

void dm_net_udp_count(struct dm_str text, struct dm_net_udp *ret)
{
	struct dm_str line, queues, tx, word, last = {0};

	*ret = (struct dm_net_udp){0};
	while (dm_str_line(&text, &line)) {
		uint64_t state, n;

		if (!socket_line(&line, &state) ||
		    !dm_str_word(&line, &queues) ||
		    !dm_str_cut(&queues, ':', &tx) || !queues.p)
			continue;
		/* A UDP socket that is not connected is "closed". */
		ret->listen += state == 7;
		if (dm_str_hex64(tx, &n))
			ret->tx_queued += n;
		if (dm_str_hex64(queues, &n))
			ret->rx_queued += n;
		for (last = (struct dm_str){0}; dm_str_word(&line, &word);)
			last = word;
		if (dm_str_u64(last, &n))
			ret->dropped += n;
	}
}
