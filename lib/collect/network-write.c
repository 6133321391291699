/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/network.h"

/* The columns that cAdvisor has, and multicast. */
static const struct {
	enum dm_net_column column;
	const char *name;
} columns[] = {
    {DM_NET_RX_BYTES, "container_network_receive_bytes_total"},
    {DM_NET_RX_PACKETS, "container_network_receive_packets_total"},
    {DM_NET_RX_ERRORS, "container_network_receive_errors_total"},
    {DM_NET_RX_DROPPED, "container_network_receive_packets_dropped_total"},
    {DM_NET_RX_MULTICAST, "container_network_receive_multicast_total"},
    {DM_NET_TX_BYTES, "container_network_transmit_bytes_total"},
    {DM_NET_TX_PACKETS, "container_network_transmit_packets_total"},
    {DM_NET_TX_ERRORS, "container_network_transmit_errors_total"},
    {DM_NET_TX_DROPPED, "container_network_transmit_packets_dropped_total"},
};

static void add_promiscuous(
    const struct dm_net_values *v, struct dm_str name, struct dm_part *part)
{
	for (size_t i = 0; i < v->n_interfaces; i++) {
		if (!dm_str_is(name, v->interfaces[i].name))
			continue;
		dm_row_u64(part, "container_network_promiscuous",
		    v->interfaces[i].promiscuous);
		return;
	}
}

/* As cAdvisor, without the loopback. */
static void write_interfaces(
    const struct dm_net_values *v, struct dm_str text, struct dm_part *part)
{
	struct dm_net_dev dev;

	while (dm_net_dev_next(&text, &dev)) {
		if (dm_str_is(dev.name, "lo"))
			continue;
		dm_row_begin(part, "container");
		dm_record_label_bytes(&part->text, "interface", dev.name);
		dm_row_metrics(part);
		for (unsigned i = 0; i < DM_COUNT(columns); i++)
			dm_row_u64(part, columns[i].name,
			    dev.values[columns[i].column]);
		add_promiscuous(v, dev.name, part);
		dm_row_end(part);
	}
}

static void begin_row(
    struct dm_part *part, const char *label, struct dm_str value)
{
	dm_row_begin(part, "container");
	dm_record_label(&part->text, label, value);
	dm_row_metrics(part);
}

/* "ListenDrops" as cAdvisor's "listendrops". */
static struct dm_str lower(const char *name, char dst[32])
{
	size_t n = 0;

	for (; name[n] && n < 32; n++) {
		char c = name[n];

		dst[n] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	return (struct dm_str){dst, n};
}

/*
 * A row for each counter that is or was more than 0: most of them are 0 in
 * most containers for all their lives, and a thousand containers have twenty
 * thousand. One that leaves 0 while it is watched is first written as the 0
 * that it was, so that its increase is seen whole.
 */
static void write_counters(struct dm_net_values *v, struct dm_part *part)
{
	for (unsigned i = 0; i < DM_NET_TCP_COUNTERS; i++) {
		uint64_t value = v->counters[i];
		char name[32];

		if (!(v->have & UINT64_C(1) << i) ||
		    (value == 0 && !(v->shown & 1U << i)))
			continue;
		begin_row(
		    part, "tcp_state", lower(dm_net_wanted[i].name, name));
		if (v->again && !(v->shown & 1U << i))
			value = 0;
		dm_row_u64(
		    part, "container_network_advance_tcp_stats_total", value);
		dm_row_end(part);
		v->shown |= 1U << i;
	}
}

static void write_plain_counters(
    const struct dm_net_values *v, struct dm_metrics *m)
{
	static const char *const names[DM_NET_PLAIN_COUNTERS] = {
	    "container_network_udp_no_ports_total",
	    "container_network_udp_receive_errors_total",
	    "container_network_udp_receive_buffer_errors_total",
	    "container_network_receive_broadcast_total",
	    "container_network_transmit_broadcast_total"};

	for (unsigned i = 0; i < DM_NET_PLAIN_COUNTERS; i++) {
		unsigned k = DM_NET_TCP_COUNTERS + i;

		if (v->have & UINT64_C(1) << k)
			dm_metrics_u64(m, names[i], v->counters[k]);
	}
}

static void write_sockets(const struct dm_net_values *v, struct dm_metrics *m)
{
	static const char *const names[DM_NET_FAMILIES] = {
	    "container_network_tcp_sockets", "container_network_tcp6_sockets",
	    "container_network_udp_sockets", "container_network_udp6_sockets"};

	for (unsigned i = 0; i < DM_NET_FAMILIES; i++) {
		if (v->sockets_seen & DM_NET_FAMILY_BIT(i))
			dm_metrics_u64(m, names[i], v->sockets[i]);
	}
	if (v->sockets_seen & DM_NET_FAMILY_BIT(DM_NET_TCP))
		dm_metrics_u64(
		    m, "container_network_tcp_timewait_sockets", v->timewait);
}

/* A row for each state that some socket is or was in. */
static void write_tcp_states(struct dm_net_values *v, struct dm_part *part)
{
	bool v4 = v->tables_seen & DM_NET_FAMILY_BIT(DM_NET_TCP);
	bool v6 = v->tables_seen & DM_NET_FAMILY_BIT(DM_NET_TCP6);

	for (unsigned i = 0; i < DM_TCP_STATES; i++) {
		if ((v4 && v->tcp[0][i]) || (v6 && v->tcp[1][i]))
			v->tcp_shown |= 1U << i;
		if (!(v4 || v6) || !(v->tcp_shown & 1U << i))
			continue;
		begin_row(part, "tcp_state", dm_str(dm_net_tcp_state(i + 1)));
		if (v4)
			dm_row_u64(part, "container_network_tcp_usage_total",
			    v->tcp[0][i]);
		if (v6)
			dm_row_u64(part, "container_network_tcp6_usage_total",
			    v->tcp[1][i]);
		dm_row_end(part);
	}
}

static bool any_udp(const struct dm_net_udp *u)
{
	return u->listen || u->dropped || u->rx_queued || u->tx_queued;
}

static void write_udp_row(const struct dm_net_values *v, const char *state,
    uint64_t value4, uint64_t value6, struct dm_part *part)
{
	begin_row(part, "udp_state", dm_str(state));
	if (v->tables_seen & DM_NET_FAMILY_BIT(DM_NET_UDP))
		dm_row_u64(part, "container_network_udp_usage_total", value4);
	if (v->tables_seen & DM_NET_FAMILY_BIT(DM_NET_UDP6))
		dm_row_u64(part, "container_network_udp6_usage_total", value6);
	dm_row_end(part);
}

static void write_udp_states(struct dm_net_values *v, struct dm_part *part)
{
	const struct dm_net_udp *a = &v->udp[0], *b = &v->udp[1];

	if (any_udp(a) || any_udp(b))
		v->udp_shown = true;
	if (!v->udp_shown)
		return;
	write_udp_row(v, "listen", a->listen, b->listen, part);
	write_udp_row(v, "dropped", a->dropped, b->dropped, part);
	write_udp_row(v, "rxqueued", a->rx_queued, b->rx_queued, part);
	write_udp_row(v, "txqueued", a->tx_queued, b->tx_queued, part);
}

void dm_net_write(
    struct dm_net_values *v, struct dm_str dev, struct dm_part *part)
{
	write_plain_counters(v, &part->main);
	write_sockets(v, &part->main);
	write_interfaces(v, dev, part);
	write_tcp_states(v, part);
	write_udp_states(v, part);
	write_counters(v, part);
}
