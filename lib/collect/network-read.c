/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "collect/network.h"
#include "collect/proc-text.h"

/* Source of names: cAdvisor, metrics/prometheus.go,
 * container_network_advance_tcp_stats_total. */
const struct dm_net_counter dm_net_wanted[DM_NET_COUNTERS] = {
    {"Tcp", "ActiveOpens"},
    {"Tcp", "PassiveOpens"},
    {"Tcp", "AttemptFails"},
    {"Tcp", "EstabResets"},
    {"Tcp", "RetransSegs"},
    {"Tcp", "InErrs"},
    {"Tcp", "OutRsts"},
    {"TcpExt", "SyncookiesSent"},
    {"TcpExt", "SyncookiesRecv"},
    {"TcpExt", "SyncookiesFailed"},
    {"TcpExt", "EmbryonicRsts"},
    {"TcpExt", "ListenOverflows"},
    {"TcpExt", "ListenDrops"},
    {"TcpExt", "TCPTimeouts"},
    {"TcpExt", "TCPBacklogDrop"},
    {"TcpExt", "TCPAbortOnMemory"},
    {"TcpExt", "TCPReqQFullDoCookies"},
    {"TcpExt", "TCPReqQFullDrop"},
    {"TcpExt", "TCPSynRetrans"},
    {"Udp", "NoPorts"},
    {"Udp", "InErrors"},
    {"Udp", "RcvbufErrors"},
    {"IpExt", "InBcastPkts"},
    {"IpExt", "OutBcastPkts"},
};

static uint64_t device_of_sysfs(const char *sysfs)
{
	struct statfs fs;
	struct stat st;

	if (statfs(sysfs, &fs) < 0 || fs.f_type != SYSFS_MAGIC ||
	    stat(sysfs, &st) < 0)
		return 0;
	return st.st_dev;
}

int dm_net_reader_init(struct dm_net_reader *r,
    const struct dm_collect_options *o, struct dm_err *err)
{
	struct rlimit limit;
	struct statfs fs;

	r->procfs = open(o->procfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r->procfs < 0) {
		dm_err_errno(err, errno, "open");
		return dm_err_file(err, o->procfs);
	}
	r->live = fstatfs(r->procfs, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
	r->sysfs_dev = device_of_sysfs(o->sysfs);
	/* Others need most of them. */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		r->max_kept = limit.rlim_cur / 20;
	return 0;
}

void dm_net_reader_release(struct dm_net_reader *r)
{
	if (r->procfs >= 0)
		close(r->procfs);
	dm_buf_release(&r->text);
}

int dm_net_namespace(
    const struct dm_net_reader *r, const char *who, uint32_t *ret)
{
	char path[64], target[64];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/ns/net", who);
	n = readlinkat(r->procfs, path, target, sizeof(target));
	if (n < 0)
		return errno;
	return dm_proc_ns_parse((struct dm_str){target, (size_t)n}, "net", ret)
		   ? 0
		   : EINVAL;
}

int dm_net_read(struct dm_net_reader *r, pid_t pid, const char *name)
{
	struct dm_reread file = {.fd = -1};
	char path[64];
	int error;

	snprintf(path, sizeof(path), "%d/%s", pid, name);
	error = dm_reread(&file, r->procfs, path, &r->text);
	dm_reread_close(&file);
	return error;
}

uint64_t dm_net_start(struct dm_net_reader *r, pid_t pid)
{
	struct dm_proc_stat stat;

	if (dm_net_read(r, pid, "stat") != 0 ||
	    !dm_proc_stat_parse(dm_buf_str(&r->text), &stat))
		return UINT64_MAX;
	return stat.start;
}

void dm_net_close_dev(struct dm_net_reader *r, struct dm_net_box *box)
{
	if (box->dev.fd >= 0)
		r->kept--;
	dm_reread_close(&box->dev);
}

/* The process may have gone and left its pid to another between this sweep's
 * list and now: what was opened counts only if it is in the namespace. */
static int open_dev(struct dm_net_reader *r, struct dm_net_box *box)
{
	char path[64], who[16];
	uint32_t ns;
	int error;

	snprintf(who, sizeof(who), "%d", box->pid);
	snprintf(path, sizeof(path), "%s/net/dev", who);
	error = dm_reread(&box->dev, r->procfs, path, &r->text);
	if (error)
		return error;
	error = dm_net_namespace(r, who, &ns);
	if (!error && ns != box->ns)
		error = ESRCH;
	if (error || r->kept >= r->max_kept)
		dm_reread_close(&box->dev);
	else
		r->kept++;
	return error;
}

int dm_net_read_dev(struct dm_net_reader *r, struct dm_net_box *box)
{
	int error;

	if (box->dev.fd < 0)
		return open_dev(r, box);
	error = dm_reread_fd(box->dev.fd, &r->text);
	if (error)
		dm_net_close_dev(r, box);
	return error;
}

static void take_sockstat(struct dm_net_values *v, struct dm_str text,
    enum dm_net_family first, const char *const protocols[2])
{
	for (unsigned i = 0; i < 2; i++) {
		/* TCP and UDP of one version stand in one file. */
		enum dm_net_family family = first + 2 * i;

		if (dm_net_sockstat(
			text, protocols[i], "inuse", &v->sockets[family]))
			v->sockets_seen |= DM_NET_FAMILY_BIT(family);
	}
}

static int read_sockstat(struct dm_net_reader *r, struct dm_net_box *box)
{
	static const char *const v4[2] = {"TCP", "UDP"};
	static const char *const v6[2] = {"TCP6", "UDP6"};
	struct dm_net_values *v = &box->values;
	int error = dm_net_read(r, box->pid, "net/sockstat");

	v->sockets_seen = 0;
	v->timewait = 0;
	if (error == 0) {
		take_sockstat(v, dm_buf_str(&r->text), DM_NET_TCP, v4);
		if (!dm_net_sockstat(
			dm_buf_str(&r->text), "TCP", "tw", &v->timewait))
			v->sockets_seen &= ~DM_NET_FAMILY_BIT(DM_NET_TCP);
	}
	if (error != ENOMEM)
		error = dm_net_read(r, box->pid, "net/sockstat6");
	if (error == 0)
		take_sockstat(v, dm_buf_str(&r->text), DM_NET_TCP6, v6);
	return error;
}

/* inuse counts sockets that listen, are connected or are being connected or
 * disconnected, orphans too, in this namespace; tw those in TIME_WAIT, of
 * both families. alloc, orphan and mem are the whole machine's. Half-open
 * connections are not counted, but for them there is a listening socket; one
 * that has been closed leaves them for a second at most.
 * Measured on Linux 6.18; source: net/ipv4/proc.c, sockstat_seq_show. */
static bool has_sockets(const struct dm_net_values *v, unsigned family)
{
	return v->sockets[family] ||
	       ((family == DM_NET_TCP || family == DM_NET_TCP6) && v->timewait);
}

/* Where there are no sockets, all states are 0; the others' are to be read. */
static void judge_tables(struct dm_net_box *box)
{
	struct dm_net_values *v = &box->values;

	box->due = false;
	v->tables_seen &= v->sockets_seen;
	for (unsigned i = 0; i < DM_NET_FAMILIES; i++) {
		if (!(v->sockets_seen & DM_NET_FAMILY_BIT(i)))
			continue;
		if (has_sockets(v, i)) {
			box->due = true;
			continue;
		}
		v->tables_seen |= DM_NET_FAMILY_BIT(i);
		if (i < DM_NET_UDP)
			memset(v->tcp[i], 0, sizeof(v->tcp[i]));
		else
			v->udp[i - DM_NET_UDP] = (struct dm_net_udp){0};
	}
}

int dm_net_read_counters(struct dm_net_reader *r, struct dm_net_box *box)
{
	static const char *const files[] = {"net/snmp", "net/netstat"};
	uint64_t counters[DM_NET_COUNTERS], have = 0;
	struct dm_net_values *v = &box->values;
	int error;

	for (unsigned i = 0; i < DM_COUNT(files); i++) {
		error = dm_net_read(r, box->pid, files[i]);
		if (error == ENOMEM)
			return error;
		if (error == 0)
			have |= dm_net_counters(dm_buf_str(&r->text),
			    dm_net_wanted, DM_NET_COUNTERS, counters);
	}
	for (unsigned i = 0; i < DM_NET_COUNTERS; i++) {
		if (have & UINT64_C(1) << i)
			v->counters[i] = counters[i];
	}
	v->again = v->have != 0;
	v->have = have;
	error = read_sockstat(r, box);
	judge_tables(box);
	return error == ENOMEM ? error : 0;
}

int dm_net_read_neighbours(struct dm_net_reader *r, struct dm_net_box *box)
{
	struct dm_neighbour gateways[DM_GATEWAYS_MAX];
	int error = dm_net_read(r, box->pid, "net/route");
	unsigned n;

	if (error == 0) {
		n = dm_gateways(dm_buf_str(&r->text), gateways);
		error = dm_net_read(r, box->pid, "net/arp");
	}
	if (error == 0)
		error = dm_neighbours_step(
		    &box->neighbours, dm_buf_str(&r->text), gateways, n);
	return error == ENOMEM ? error : 0;
}

void dm_net_read_tables(struct dm_net_reader *r, struct dm_net_box *box)
{
	static const char *const names[DM_NET_FAMILIES] = {
	    "net/tcp", "net/tcp6", "net/udp", "net/udp6"};
	struct dm_net_values *v = &box->values;

	for (unsigned i = 0; i < DM_NET_FAMILIES; i++) {
		struct dm_str text;

		if (!(v->sockets_seen & DM_NET_FAMILY_BIT(i)) ||
		    !has_sockets(v, i))
			continue;
		v->tables_seen &= ~DM_NET_FAMILY_BIT(i);
		if (dm_net_read(r, box->pid, names[i]) != 0)
			continue;
		text = dm_buf_str(&r->text);
		if (i < DM_NET_UDP)
			dm_net_tcp_count(text, v->tcp[i]);
		else
			dm_net_udp_count(text, &v->udp[i - DM_NET_UDP]);
		v->tables_seen |= DM_NET_FAMILY_BIT(i);
	}
}
