/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/network.h"

static struct dm_buf text;

static struct dm_str fixture(const char *name)
{
	DM_AUTO_BUF struct dm_buf path = {0};
	struct dm_err err;

	dm_buf_addf(&path, "tests/fixtures/network/%s", name);
	dm_buf_clear(&text);
	if (dm_file_read(dm_buf_cstr(&path), 65536, &text, &err) < 0)
		fail_msg("%s: %s", dm_buf_cstr(&path), err.msg);
	return dm_buf_str(&text);
}

static int release(void **state)
{
	(void)state;
	dm_buf_release(&text);
	return 0;
}

static void test_dev(void **state)
{
	struct dm_str rest = fixture("dev");
	struct dm_net_dev dev;

	(void)state;
	assert_true(dm_net_dev_next(&rest, &dev));
	assert_true(dm_str_is(dev.name, "lo"));
	assert_int_equal(dev.values[DM_NET_RX_BYTES], 852);
	assert_int_equal(dev.values[DM_NET_TX_PACKETS], 15);
	assert_true(dm_net_dev_next(&rest, &dev));
	assert_true(dm_str_is(dev.name, "eth1"));
	assert_true(dm_net_dev_next(&rest, &dev));
	assert_false(dm_net_dev_next(&rest, &dev));
	/* As old kernels write it; and values that are none. */
	rest = DM_STR("eth0:18446744073709551615 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7"
		      "\neth1:18446744073709551616 2 3 4 5 6 7 8 9 1 2 3 4 5 6 "
		      "7\neth2:1 2 3 4 5 6 7 8 9 1 2 3 4 5 6\neth3\n:\n");
	assert_true(dm_net_dev_next(&rest, &dev));
	assert_true(dev.values[DM_NET_RX_BYTES] == UINT64_MAX);
	assert_int_equal(dev.values[DM_NET_TX_COMPRESSED], 7);
	assert_false(dm_net_dev_next(&rest, &dev));
}

static void test_sockstat(void **state)
{
	struct dm_str s = fixture("sockstat");
	uint64_t v = 77;

	(void)state;
	assert_true(dm_net_sockstat(s, "TCP", "inuse", &v));
	assert_int_equal(v, 3);
	assert_true(dm_net_sockstat(s, "TCP", "tw", &v));
	assert_int_equal(v, 1);
	assert_true(dm_net_sockstat(s, "UDP", "inuse", &v));
	assert_false(dm_net_sockstat(s, "UDP", "tw", &v));
	assert_false(dm_net_sockstat(s, "TCP6", "inuse", &v));
	assert_false(dm_net_sockstat(DM_STR("TCP: inuse"), "TCP", "inuse", &v));
	assert_false(
	    dm_net_sockstat(DM_STR("TCP: inuse -1"), "TCP", "inuse", &v));
	assert_false(dm_net_sockstat(DM_STR(""), "TCP", "inuse", &v));
	assert_int_equal(v, 1);
}

static void test_counters(void **state)
{
	static const struct dm_net_counter wanted[] = {{"Tcp", "ActiveOpens"},
	    {"Tcp", "MaxConn"}, {"Tcp", "None"}, {"Udp", "NoPorts"}};
	uint64_t v[DM_COUNT(wanted)] = {77, 77, 77, 77};
	struct dm_str s = fixture("snmp");

	(void)state;
	/* MaxConn is -1: no value. */
	assert_int_equal(
	    dm_net_counters(s, wanted, DM_COUNT(wanted), v), 1 | 8);
	assert_int_equal(v[0], 3);
	assert_int_equal(v[1], 77);
	assert_int_equal(v[3], 1);
	assert_int_equal(dm_net_counters(DM_STR("Tcp: ActiveOpens MaxConn\n"
						"Tcp: 5\n"),
			     wanted, DM_COUNT(wanted), v),
	    1);
	assert_int_equal(v[0], 5);
	/* Names without values; values of another group. */
	assert_int_equal(dm_net_counters(DM_STR("Tcp: ActiveOpens\n"), wanted,
			     DM_COUNT(wanted), v),
	    0);
	assert_int_equal(
	    dm_net_counters(DM_STR("Tcp: ActiveOpens\nUdp: 9\nTcp:\n"), wanted,
		DM_COUNT(wanted), v),
	    0);
}

/* All that are asked for are there, on this kernel. */
static void test_wanted(void **state)
{
	static const char *const files[] = {"snmp", "netstat"};
	uint64_t v[DM_NET_COUNTERS], have = 0;

	(void)state;
	for (unsigned i = 0; i < DM_COUNT(files); i++)
		have |= dm_net_counters(
		    fixture(files[i]), dm_net_wanted, DM_NET_COUNTERS, v);
	assert_int_equal(have, (UINT64_C(1) << DM_NET_COUNTERS) - 1);
}

static void test_tcp(void **state)
{
	uint64_t n[DM_TCP_STATES];

	(void)state;
	dm_net_tcp_count(fixture("tcp"), n);
	assert_int_equal(n[0], 2);
	assert_int_equal(n[5], 1);
	assert_int_equal(n[9], 1);
	assert_string_equal(dm_net_tcp_state(6), "timewait");
	assert_string_equal(dm_net_tcp_state(10), "listen");
	dm_net_tcp_count(fixture("tcp6"), n);
	assert_int_equal(n[0], 2);
	assert_int_equal(n[9], 1);
	dm_net_tcp_count(DM_STR("0: a b 03\n1: a b 0C\n2: a b 00\n3: a b 0D\n"
				"4: a b FFFFFFFFFFFFFFFFF\n5: a b\n6 a b 03\n"),
	    n);
	for (unsigned i = 0; i < DM_TCP_STATES; i++)
		assert_int_equal(n[i], i == 2 ? 2 : 0);
}

static void test_udp(void **state)
{
	struct dm_net_udp u;

	(void)state;
	dm_net_udp_count(fixture("udp"), &u);
	assert_int_equal(u.listen, 1);
	assert_int_equal(u.rx_queued, 0x340);
	assert_int_equal(u.tx_queued, 0);
	assert_int_equal(u.dropped, 0);
	dm_net_udp_count(DM_STR("1: a b 01 0000000A:0000000B x 3\n"
				"2: a b 07 0A:x y\n3: a b 07 0A\n"),
	    &u);
	assert_int_equal(u.listen, 1);
	assert_int_equal(u.tx_queued, 20);
	assert_int_equal(u.rx_queued, 11);
	assert_int_equal(u.dropped, 3);
}

static void test_mount_type(void **state)
{
	struct dm_str type;

	(void)state;
	assert_true(dm_net_mount_type(
	    DM_STR("236 35 0:98 / /x rw - fuse.x y rw\n"
		   "36 35 0:98 / /sys rw shared:1 - sysfs sysfs rw\n"),
	    36, &type));
	assert_true(dm_str_is(type, "sysfs"));
	assert_false(
	    dm_net_mount_type(DM_STR("36 35 0:98 / /s rw sysfs\n"), 36, &type));
	assert_false(dm_net_mount_type(DM_STR("36 35 - \n"), 36, &type));
	assert_false(dm_net_mount_type(DM_STR(""), 36, &type));
}

static struct dm_part part;

static const char *row_with(const char *labels)
{
	static char row[512];

	for (size_t i = 0; i < part.n_rows; i++) {
		const struct dm_row *r = &part.rows[i];

		if (!dm_str_is(
			(struct dm_str){part.text.p + r->labels, r->labels_n},
			labels))
			continue;
		assert_true(r->metrics_n < sizeof(row));
		memcpy(row, part.text.p + r->metrics, r->metrics_n);
		row[r->metrics_n] = '\0';
		return row;
	}
	return NULL;
}

static void write_again(struct dm_net_values *v)
{
	dm_part_clear(&part);
	dm_net_write(v, DM_STR(""), &part);
}

/* A counter that leaves 0 while it is watched is 0 once more. */
static void test_write_counters(void **state)
{
	static const char drops[] = "\"tcp_state\":\"listendrops\"";
	struct dm_net_values v = {.have = 1U << 12};

	(void)state;
	write_again(&v);
	assert_null(row_with(drops));
	v.again = true;
	v.counters[12] = 5;
	write_again(&v);
	assert_string_equal(
	    row_with(drops), "\"container_network_advance_tcp_stats_total\":0");
	write_again(&v);
	assert_string_equal(
	    row_with(drops), "\"container_network_advance_tcp_stats_total\":5");
	/* One that was more than 0 when it was first seen is written at once.
	 */
	v = (struct dm_net_values){.have = 1U << 12, .counters[12] = 7};
	write_again(&v);
	assert_string_equal(
	    row_with(drops), "\"container_network_advance_tcp_stats_total\":7");
	dm_part_release(&part);
}

static void test_write_states(void **state)
{
	static const char listen[] = "\"tcp_state\":\"listen\"";
	struct dm_net_values v = {.tables_seen = 1 << DM_NET_TCP};

	(void)state;
	write_again(&v);
	assert_int_equal(part.n_rows, 0);
	v.tcp[0][9] = 2;
	write_again(&v);
	assert_int_equal(part.n_rows, 1);
	assert_string_equal(
	    row_with(listen), "\"container_network_tcp_usage_total\":2");
	v.tcp[0][9] = 0;
	v.tables_seen |= 1 << DM_NET_TCP6;
	write_again(&v);
	assert_string_equal(row_with(listen),
	    "\"container_network_tcp_usage_total\":0,"
	    "\"container_network_tcp6_usage_total\":0");
	/* Not known any more: not told. */
	v.tables_seen = 0;
	write_again(&v);
	assert_int_equal(part.n_rows, 0);
	dm_part_release(&part);
}

static void test_write_interfaces(void **state)
{
	struct dm_net_interface interfaces[] = {{"eth1", true}};
	struct dm_net_values v = {.interfaces = interfaces, .n_interfaces = 1};

	(void)state;
	dm_part_clear(&part);
	dm_net_write(&v,
	    DM_STR("lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
		   "eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
		   "eth1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"),
	    &part);
	assert_int_equal(part.n_rows, 2);
	assert_string_equal(row_with("\"interface\":\"eth0\""),
	    "\"container_network_receive_bytes_total\":1,"
	    "\"container_network_receive_packets_total\":2,"
	    "\"container_network_receive_errors_total\":3,"
	    "\"container_network_receive_packets_dropped_total\":4,"
	    "\"container_network_receive_multicast_total\":8,"
	    "\"container_network_transmit_bytes_total\":9,"
	    "\"container_network_transmit_packets_total\":10,"
	    "\"container_network_transmit_errors_total\":11,"
	    "\"container_network_transmit_packets_dropped_total\":12");
	assert_non_null(strstr(row_with("\"interface\":\"eth1\""),
	    ",\"container_network_promiscuous\":1"));
	dm_part_release(&part);
}

static struct dm_neighbours neighbours;

/* After a table of addresses and MACs of eth0; the gateway is 10.0.0.1. */
static void step(const char *arp)
{
	static const char route[] = "Iface Destination Gateway Flags\n"
				    "eth0 00000000 0100000A 0003 0 0\n";
	struct dm_neighbour gateways[DM_GATEWAYS_MAX];

	assert_int_equal(dm_gateways(dm_str(route), gateways), 1);
	assert_int_equal(
	    dm_neighbours_step(&neighbours, dm_str(arp), gateways, 1), 0);
}

static void has(
    unsigned entries, bool conflict, unsigned changes, unsigned gateway_changes)
{
	assert_int_equal(neighbours.entries, entries);
	assert_int_equal(neighbours.conflict, conflict);
	assert_int_equal(neighbours.changes, changes);
	assert_int_equal(neighbours.gateway_changes, gateway_changes);
}

#define GATEWAY "10.0.0.1 0x1 0x2 02:00:00:00:00:01 * eth0\n"

static void test_neighbours(void **state)
{
	(void)state;
	step("IP address HW type Flags HW address Mask Device\n");
	has(0, false, 0, 0);
	step(GATEWAY "10.0.0.2 0x1 0x2 02:00:00:00:00:02 * eth0\n");
	has(2, false, 0, 0);
	/* Two that are one, but not the gateway. */
	step(GATEWAY "10.0.0.2 0x1 0x2 02:00:00:00:00:03 * eth0\n"
		     "10.0.0.3 0x1 0x2 02:00:00:00:00:03 * eth0\n");
	has(3, false, 1, 0);
	/* The gateway's, on another interface, and without an answer. */
	step(GATEWAY "10.0.0.2 0x1 0x2 02:00:00:00:00:01 * eth1\n"
		     "10.0.0.3 0x1 0x0 02:00:00:00:00:01 * eth0\n");
	has(2, false, 1, 0);
	step(GATEWAY "10.0.0.2 0x1 0x2 02:00:00:00:00:01 * eth0\n");
	has(2, true, 1, 0);
	/* It is gone for a while, and comes back as another. */
	step("");
	has(0, false, 1, 0);
	step("");
	step("10.0.0.1 0x1 0x2 02:00:00:00:00:09 * eth0\n");
	has(1, false, 2, 1);
	dm_neighbours_release(&neighbours);
	has(0, false, 0, 0);
}

static void test_neighbours_malformed(void **state)
{
	static const char *const bad[] = {"",
	    "10.0.0.1 0x1 0x2 02:00:00:00:00:01 *",
	    "10.0.0.1 0x1 0x2 02:00:00:00:00:01 * a-name-of-16-byte",
	    "10.0.0.1 0x1 0x2 02:00:00:00:00 * eth0",
	    "10.0.0.1 0x1 0x2 02:00:00:00:00:01:02 * eth0",
	    "10.0.0.1 0x1 0x2 02:00:00:00:00:1 * eth0",
	    "10.0.0.1 0x1 0x2 00:00:00:00:00:00 * eth0",
	    "10.0.0.256 0x1 0x2 02:00:00:00:00:01 * eth0",
	    "10.0.0 0x1 0x2 02:00:00:00:00:01 * eth0",
	    "10.0.0.1 0x1 2 02:00:00:00:00:01 * eth0",
	    "10.0.0.1 0x1 0x4 02:00:00:00:00:01 * eth0"};
	struct dm_neighbour e[DM_GATEWAYS_MAX];
	DM_AUTO_BUF struct dm_buf many = {0};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(bad); i++) {
		struct dm_str rest = dm_str(bad[i]);

		assert_false(dm_neighbour_next(&rest, e));
	}
	/* No gateway; no number; too long; cut. */
	assert_int_equal(dm_gateways(DM_STR("eth0 00000000 0100000A 0001 0\n"
					    "eth0 00000000 0100000X 0003 0\n"
					    "eth0 00000000 00100000A 0003 0\n"
					    "eth0 00000000 0100000A"),
			     e),
	    0);
	for (unsigned i = 0; i < 20; i++)
		dm_buf_addf(&many, "eth%u 00000000 0100000A 0003\n", i);
	assert_int_equal(dm_gateways(dm_buf_str(&many), e), DM_GATEWAYS_MAX);
	dm_buf_clear(&many);
	for (unsigned i = 0; i < 2 * DM_NEIGHBOURS_MAX; i++)
		dm_buf_addf(&many, "10.0.%u.%u 0x1 0x2 02:00:00:00:00:01 * e\n",
		    i / 256, i % 256);
	assert_int_equal(
	    dm_neighbours_step(&neighbours, dm_buf_str(&many), NULL, 0), 0);
	has(DM_NEIGHBOURS_MAX, false, 0, 0);
	dm_neighbours_release(&neighbours);
}

/* An address of which the kernel tells, and not its table. */
static void test_neighbours_heard(void **state)
{
	(void)state;
	step(GATEWAY "10.0.0.2 0x1 0x2 02:00:00:00:00:02 * eth0\n"
		     "10.0.0.3 0x1 0x2 02:00:00:00:00:03 * eth0\n"
		     "10.0.0.3 0x1 0x2 02:00:00:00:00:04 * eth1\n");
	assert_false(dm_neighbours_hear(
	    &neighbours, inet_addr("10.0.0.2"), 0x020000000002));
	has(4, false, 0, 0);
	assert_true(dm_neighbours_hear(
	    &neighbours, inet_addr("10.0.0.9"), 0x020000000002));
	has(4, false, 0, 0);
	/* Changed and changed back before the table was read. */
	assert_true(dm_neighbours_hear(
	    &neighbours, inet_addr("10.0.0.1"), 0x020000000666));
	assert_true(dm_neighbours_hear(
	    &neighbours, inet_addr("10.0.0.1"), 0x020000000001));
	has(4, false, 2, 2);
	/* On which interface, the table tells. */
	assert_true(dm_neighbours_hear(
	    &neighbours, inet_addr("10.0.0.3"), 0x020000000666));
	has(4, false, 2, 2);
	step(GATEWAY "10.0.0.3 0x1 0x2 02:00:00:00:00:03 * eth0\n"
		     "10.0.0.3 0x1 0x2 02:00:00:00:06:66 * eth1\n");
	has(3, false, 3, 2);
	dm_neighbours_release(&neighbours);
}

/* As neigh_fill_info of the kernel lays it out. */
struct news_text {
	struct nlmsghdr head;
	struct ndmsg about;
	struct nlattr ip_head;
	uint8_t ip[16];
	struct nlattr mac_head;
	uint8_t mac[6], pad[2];
};

static struct news_text news_of(
    uint16_t type, uint16_t what, uint8_t flags, const char *ip, uint64_t mac)
{
	struct news_text t = {
	    .head = {.nlmsg_len = sizeof(t), .nlmsg_type = type},
	    .about = {.ndm_family = AF_INET6,
		.ndm_ifindex = 2,
		.ndm_state = what,
		.ndm_flags = flags},
	    .ip_head = {NLA_HDRLEN + 16, NDA_DST},
	    .mac_head = {NLA_HDRLEN + 6, NDA_LLADDR},
	};

	assert_int_equal(inet_pton(AF_INET6, ip, t.ip), 1);
	for (unsigned i = 0; i < 6; i++)
		t.mac[i] = (uint8_t)(mac >> 8 * (5 - i));
	return t;
}

static void test_news(void **state)
{
	struct news_text t = news_of(
	    RTM_NEWNEIGH, NUD_STALE, NTF_ROUTER, "fd00::1", 0x02429a3cffee);
	struct dm_neighbour_news e;
	char ip[INET6_ADDRSTRLEN];

	(void)state;
	assert_true(dm_neighbour_news_parse(&t, sizeof(t), &e));
	assert_true(e.v6 && e.here && e.router && !e.lost);
	assert_int_equal(e.device, 2);
	assert_int_equal(e.mac, 0x02429a3cffee);
	assert_string_equal(
	    inet_ntop(AF_INET6, e.ip, ip, sizeof(ip)), "fd00::1");
	/* Cut anywhere, and cut where it says that it ends. */
	for (size_t n = 0; n < sizeof(t); n++)
		assert_false(dm_neighbour_news_parse(&t, n, &e));
	t.head.nlmsg_len = offsetof(struct news_text, mac_head) + 3;
	assert_true(dm_neighbour_news_parse(&t, sizeof(t), &e));
	assert_false(e.here);
	t.head.nlmsg_len = offsetof(struct news_text, ip_head) + 3;
	assert_false(dm_neighbour_news_parse(&t, sizeof(t), &e));
	/* Gone; without an answer; multicast; of another kind. */
	t = news_of(RTM_DELNEIGH, NUD_STALE, 0, "fd00::1", 0x02429a3cffee);
	assert_true(dm_neighbour_news_parse(&t, sizeof(t), &e));
	assert_false(e.here);
	t = news_of(RTM_NEWNEIGH, NUD_FAILED, 0, "fd00::1", 0x02429a3cffee);
	assert_true(dm_neighbour_news_parse(&t, sizeof(t), &e));
	assert_false(e.here);
	t = news_of(RTM_NEWNEIGH, NUD_NOARP, 0, "ff02::1", 0x333300000001);
	assert_false(dm_neighbour_news_parse(&t, sizeof(t), &e));
	t = news_of(RTM_NEWLINK, NUD_STALE, 0, "fd00::1", 0x02429a3cffee);
	assert_false(dm_neighbour_news_parse(&t, sizeof(t), &e));
	/* An address of IPv4 has four bytes. */
	t = news_of(RTM_NEWNEIGH, NUD_STALE, 0, "fd00::1", 0x02429a3cffee);
	t.about.ndm_family = AF_INET;
	assert_false(dm_neighbour_news_parse(&t, sizeof(t), &e));
}

static struct dm_ndp ndp;

static void tell(uint16_t type, uint8_t flags, const char *ip, uint64_t mac)
{
	struct news_text t = news_of(type, NUD_REACHABLE, flags, ip, mac);
	struct dm_neighbour_news e;

	assert_true(dm_neighbour_news_parse(&t, sizeof(t), &e));
	assert_int_equal(dm_ndp_step(&ndp, &e), 0);
}

static void ndp_has(const char *metrics)
{
	struct dm_metrics m = {0};
	DM_AUTO_BUF struct dm_buf plain = {0};

	dm_ndp_write(&ndp, &m);
	for (size_t i = 0; i < m.text.n; i++) {
		if (strchr("0123456789,", m.text.p[i]))
			dm_buf_add_char(&plain, m.text.p[i]);
	}
	assert_string_equal(dm_buf_cstr(&plain), metrics);
	dm_buf_release(&m.text);
}

static void test_ndp(void **state)
{
	(void)state;
	ndp_has("0,0,0,0");
	/* A router of two addresses, and a neighbour. */
	tell(RTM_NEWNEIGH, NTF_ROUTER, "fe80::1", 0x020000000001);
	tell(RTM_NEWNEIGH, NTF_ROUTER, "fd00::1", 0x020000000001);
	tell(RTM_NEWNEIGH, 0, "fe80::2", 0x020000000002);
	ndp_has("3,0,0,0");
	/* The neighbour takes the router's place, and does not say so. */
	tell(RTM_NEWNEIGH, 0, "fe80::1", 0x020000000002);
	ndp_has("3,1,1,1");
	tell(RTM_NEWNEIGH, NTF_ROUTER, "fe80::1", 0x020000000001);
	ndp_has("3,0,2,2");
	/* Who is gone may come back as another; only a router may not. */
	tell(RTM_DELNEIGH, 0, "fe80::2", 0x020000000002);
	tell(RTM_DELNEIGH, 0, "fe80::1", 0x020000000001);
	ndp_has("1,0,2,2");
	tell(RTM_NEWNEIGH, 0, "fe80::2", 0x020000000003);
	tell(RTM_NEWNEIGH, 0, "fe80::1", 0x020000000003);
	ndp_has("3,1,3,3");
	/* Of what was never there nothing goes. */
	tell(RTM_DELNEIGH, 0, "fe80::9", 0x020000000009);
	ndp_has("3,1,3,3");
	dm_ndp_release(&ndp);
	for (unsigned i = 0; i < 2 * DM_NDP_MAX; i++) {
		char ip[16];

		snprintf(ip, sizeof(ip), "fd00::%x", i + 1);
		tell(RTM_NEWNEIGH, 0, ip, 0x020000000001);
	}
	ndp_has("256,0,0,0");
	dm_ndp_release(&ndp);
	/* Routers that are gone give way to who is there. */
	for (unsigned i = 0; i < DM_NDP_MAX; i++) {
		char ip[16];

		snprintf(ip, sizeof(ip), "fd00::%x", i + 1);
		tell(RTM_NEWNEIGH, NTF_ROUTER, ip, 0x020000000001);
		tell(RTM_DELNEIGH, NTF_ROUTER, ip, 0x020000000001);
	}
	tell(RTM_NEWNEIGH, 0, "fe80::2", 0x020000000002);
	ndp_has("1,0,0,0");
	dm_ndp_release(&ndp);
}

/* Each message is one, so that who makes many of no use keeps nobody. */
static void test_news_of_no_use(void **state)
{
	struct news_text t =
	    news_of(RTM_NEWNEIGH, NUD_STALE, 0, "fd00::1", 0x02429a3cffee);
	struct dm_neighbour_news e;
	struct dm_err err;
	int ends[2];

	(void)state;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0);
	assert_int_equal(send(ends[0], &t, sizeof(t), 0), sizeof(t));
	t.about.ndm_family = AF_BRIDGE;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(send(ends[0], &t, sizeof(t), 0), sizeof(t));
	assert_int_equal(dm_neighbour_news_read(ends[1], &e, &err), 1);
	assert_true(e.here && !e.lost);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(dm_neighbour_news_read(ends[1], &e, &err), 1);
		assert_true(!e.here && !e.lost && e.nsid == -1);
	}
	assert_int_equal(dm_neighbour_news_read(ends[1], &e, &err), 0);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dev),
	    cmocka_unit_test(test_sockstat),
	    cmocka_unit_test(test_counters),
	    cmocka_unit_test(test_wanted),
	    cmocka_unit_test(test_tcp),
	    cmocka_unit_test(test_udp),
	    cmocka_unit_test(test_mount_type),
	    cmocka_unit_test(test_write_counters),
	    cmocka_unit_test(test_write_states),
	    cmocka_unit_test(test_neighbours),
	    cmocka_unit_test(test_neighbours_malformed),
	    cmocka_unit_test(test_neighbours_heard),
	    cmocka_unit_test(test_news),
	    cmocka_unit_test(test_news_of_no_use),
	    cmocka_unit_test(test_ndp),
	    cmocka_unit_test(test_write_interfaces),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, release);
}
