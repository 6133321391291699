/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/host-text.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "collect/cgroup_parse.h"
#include "collect/net-text.h"

#define NAME_BYTES 128
#define WORDS_MAX  32
#define CPUS_MAX   65536

/* A metric's name of which a part comes from the kernel. False where that
 * part has a character that no name has, or is too long. */
static bool name_metric(char dst[NAME_BYTES], const char *prefix,
    struct dm_str middle, const char *suffix)
{
	int n;

	for (size_t i = 0; i < middle.n; i++) {
		char c = middle.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '_')
			return false;
	}
	if (middle.n == 0 || middle.n >= NAME_BYTES)
		return false;
	n = snprintf(dst, NAME_BYTES, "%s%.*s%s", prefix, (int)middle.n,
	    middle.p, suffix);
	return n > 0 && n < NAME_BYTES;
}

/* Numbers behind one another; stops at the first word that is none. */
static unsigned numbers(
    struct dm_str line, unsigned max, uint64_t values[static 1])
{
	struct dm_str word;
	unsigned n = 0;

	while (n < max && dm_str_word(&line, &word) &&
	       dm_str_u64(word, &values[n]))
		n++;
	return n;
}

static void row_scaled(
    struct dm_part *part, const char *name, uint64_t value, unsigned decimals)
{
	if (value <= INT64_MAX)
		dm_row_scaled(part, name, (int64_t)value, decimals);
}

/* The order of the columns of /proc/stat. */
enum {
	CPU_USER,
	CPU_NICE,
	CPU_SYSTEM,
	CPU_IDLE,
	CPU_IOWAIT,
	CPU_IRQ,
	CPU_SOFTIRQ,
	CPU_STEAL,
	CPU_GUEST,
	CPU_GUEST_NICE
};

void dm_host_cpus_release(struct dm_host_cpus *cpus)
{
	free(cpus->seen);
	*cpus = (struct dm_host_cpus){0};
}

static bool cpus_reserve(struct dm_host_cpus *cpus, size_t n)
{
	uint64_t(*grown)[DM_CPU_MODES];

	if (n <= cpus->n)
		return true;
	grown = reallocarray(cpus->seen, n, sizeof(*grown));
	if (!grown)
		return false;
	memset(grown + cpus->n, 0, (n - cpus->n) * sizeof(*grown));
	cpus->seen = grown;
	cpus->n = n;
	return true;
}

/* Ticks that never step back, but for a CPU that was taken out and put in
 * again: its idle time is less by 3 s or more.
 * Source: node_exporter, collector/cpu_linux.go, updateCPUStats. */
static void never_back(
    uint64_t seen[DM_CPU_MODES], const uint64_t now[DM_CPU_MODES])
{
	bool anew = seen[CPU_IDLE] > now[CPU_IDLE] &&
		    seen[CPU_IDLE] - now[CPU_IDLE] >= 300;

	for (unsigned i = 0; i < DM_CPU_MODES; i++) {
		if (anew || now[i] > seen[i])
			seen[i] = now[i];
	}
}

static void add_cpu(
    struct dm_part *part, struct dm_str cpu, const uint64_t ticks[DM_CPU_MODES])
{
	static const char *const modes[] = {"user", "nice", "system", "idle",
	    "iowait", "irq", "softirq", "steal"};

	for (unsigned i = 0; i < DM_COUNT(modes); i++) {
		dm_row_begin(part, "host");
		dm_record_label(&part->text, "cpu", cpu);
		dm_record_label(&part->text, "mode", dm_str(modes[i]));
		dm_row_metrics(part);
		row_scaled(part, "node_cpu_seconds_total", ticks[i], 2);
		if (i == CPU_USER || i == CPU_NICE)
			row_scaled(part, "node_cpu_guest_seconds_total",
			    ticks[i == CPU_USER ? CPU_GUEST : CPU_GUEST_NICE],
			    2);
		dm_row_end(part);
	}
}

/* "cpu3", and its ticks: old kernels have fewer columns. */
static void cpu_line(struct dm_host_cpus *cpus, struct dm_part *part,
    struct dm_str name, struct dm_str rest)
{
	struct dm_str number = {name.p + 3, name.n - 3};
	uint64_t ticks[DM_CPU_MODES] = {0}, cpu;

	if (!dm_str_u64(number, &cpu) || cpu >= CPUS_MAX ||
	    numbers(rest, DM_CPU_MODES, ticks) < 4)
		return;
	if (!cpus_reserve(cpus, (size_t)cpu + 1)) {
		part->text.failed = true;
		return;
	}
	never_back(cpus->seen[cpu], ticks);
	add_cpu(part, number, cpus->seen[cpu]);
}

void dm_host_add_stat(
    struct dm_host_cpus *cpus, struct dm_part *part, struct dm_str text)
{
	static const struct {
		const char *key, *name;
	} keys[] = {
	    {"intr", "node_intr_total"},
	    {"ctxt", "node_context_switches_total"},
	    {"btime", "node_boot_time_seconds"},
	    {"processes", "node_forks_total"},
	    {"procs_running", "node_procs_running"},
	    {"procs_blocked", "node_procs_blocked"},
	};
	struct dm_str line, key;
	uint64_t value;

	while (dm_str_line(&text, &line)) {
		if (!dm_str_word(&line, &key))
			continue;
		if (dm_str_starts(key, "cpu"))
			cpu_line(cpus, part, key, line);
		for (unsigned i = 0; i < DM_COUNT(keys); i++) {
			if (dm_str_is(key, keys[i].key) &&
			    numbers(line, 1, &value) == 1)
				dm_metrics_u64(
				    &part->main, keys[i].name, value);
		}
	}
}

void dm_host_add_loadavg(struct dm_part *part, struct dm_str text)
{
	static const char *const names[] = {
	    "node_load1", "node_load5", "node_load15"};
	struct dm_str word;
	double value;

	for (unsigned i = 0; i < DM_COUNT(names); i++) {
		if (!dm_str_word(&text, &word) ||
		    !dm_num_parse_user(word, &value) || !isfinite(value) ||
		    value < 0)
			return;
		dm_metrics_double(&part->main, names[i], value);
	}
}

/* "Active(anon)" as "Active_anon". */
static struct dm_str meminfo_key(struct dm_str key, char dst[NAME_BYTES])
{
	size_t n = 0;

	for (size_t i = 0; i < key.n && n < NAME_BYTES; i++) {
		if (key.p[i] == '(')
			dst[n++] = '_';
		else if (key.p[i] != ')')
			dst[n++] = key.p[i];
	}
	return (struct dm_str){dst, n};
}

void dm_host_add_meminfo(struct dm_part *part, struct dm_str text)
{
	struct dm_str line, key, number, unit;

	while (dm_str_line(&text, &line)) {
		char plain[NAME_BYTES], name[NAME_BYTES];
		uint64_t value;
		bool kib;

		if (!dm_str_cut(&line, ':', &key) || !line.p ||
		    !dm_str_word(&line, &number) || !dm_str_u64(number, &value))
			continue;
		kib = dm_str_word(&line, &unit) && dm_str_is(unit, "kB");
		if (kib && __builtin_mul_overflow(value, 1024, &value))
			continue;
		if (name_metric(name, "node_memory_", meminfo_key(key, plain),
			kib ? "_bytes" : ""))
			dm_metrics_u64(&part->main, name, value);
	}
}

/* Source: node_exporter's --collector.vmstat.fields:
 * ^(oom_kill|pgpg|pswp|pg.*fault).* */
static bool vmstat_wanted(struct dm_str key)
{
	return dm_str_starts(key, "oom_kill") || dm_str_starts(key, "pgpg") ||
	       dm_str_starts(key, "pswp") ||
	       (dm_str_starts(key, "pg") && memmem(key.p, key.n, "fault", 5));
}

void dm_host_add_vmstat(struct dm_part *part, struct dm_str text)
{
	struct dm_str line, key;
	char name[NAME_BYTES];
	uint64_t value;

	while (dm_str_line(&text, &line)) {
		if (dm_str_word(&line, &key) && vmstat_wanted(key) &&
		    numbers(line, 1, &value) == 1 &&
		    name_metric(name, "node_vmstat_", key, ""))
			dm_metrics_u64(&part->main, name, value);
	}
}

static size_t digits_at_end(struct dm_str s)
{
	size_t n = 0;

	while (n < s.n && s.p[s.n - 1 - n] >= '0' && s.p[s.n - 1 - n] <= '9')
		n++;
	return n;
}

/* Source: node_exporter's --collector.diskstats.device-exclude:
 * ^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$ */
static bool disk_excluded(struct dm_str name)
{
	size_t digits = digits_at_end(name);
	struct dm_str stem = {name.p, name.n - digits};
	char last = stem.n ? stem.p[stem.n - 1] : '\0';

	if (digits == 0)
		return false;
	if (dm_str_is(stem, "ram") || dm_str_is(stem, "loop") ||
	    dm_str_is(stem, "fd"))
		return true;
	if (last >= 'a' && last <= 'z' && stem.n > 2) {
		struct dm_str kind = {stem.p, stem.n - 1};

		if (dm_str_is(kind, "hd") || dm_str_is(kind, "sd") ||
		    dm_str_is(kind, "vd") || dm_str_is(kind, "xvd"))
			return true;
	}
	if (last != 'p' || !dm_str_starts(stem, "nvme"))
		return false;
	stem = (struct dm_str){stem.p + 4, stem.n - 5};
	digits = digits_at_end(stem);
	if (digits == 0 || digits == stem.n ||
	    stem.p[stem.n - digits - 1] != 'n')
		return false;
	stem.n -= digits + 1;
	return stem.n > 0 && digits_at_end(stem) == stem.n;
}

enum unit {
	COUNT,
	SECTORS, /* of 512 bytes, whatever the disk's own are */
	MILLISECONDS
};

/* The columns of diskstats behind the name.
 * Source: Documentation/admin-guide/iostats.rst. */
static const struct {
	const char *name;
	enum unit unit;
} disk_columns[] = {
    {"node_disk_reads_completed_total", COUNT},
    {"node_disk_reads_merged_total", COUNT},
    {"node_disk_read_bytes_total", SECTORS},
    {"node_disk_read_time_seconds_total", MILLISECONDS},
    {"node_disk_writes_completed_total", COUNT},
    {"node_disk_writes_merged_total", COUNT},
    {"node_disk_written_bytes_total", SECTORS},
    {"node_disk_write_time_seconds_total", MILLISECONDS},
    {"node_disk_io_now", COUNT},
    {"node_disk_io_time_seconds_total", MILLISECONDS},
    {"node_disk_io_time_weighted_seconds_total", MILLISECONDS},
    {"node_disk_discards_completed_total", COUNT},
    {"node_disk_discards_merged_total", COUNT},
    {"node_disk_discarded_sectors_total", COUNT},
    {"node_disk_discard_time_seconds_total", MILLISECONDS},
    {"node_disk_flush_requests_total", COUNT},
    {"node_disk_flush_requests_time_seconds_total", MILLISECONDS},
};

static void add_disk(struct dm_part *part, struct dm_str name,
    const uint64_t *values, unsigned n)
{
	dm_row_begin(part, "host");
	dm_record_label_bytes(&part->text, "device", name);
	dm_row_metrics(part);
	for (unsigned i = 0; i < n; i++) {
		uint64_t value = values[i];

		if (disk_columns[i].unit == MILLISECONDS)
			row_scaled(part, disk_columns[i].name, value, 3);
		else if (disk_columns[i].unit == COUNT ||
			 !__builtin_mul_overflow(value, 512, &value))
			dm_row_u64(part, disk_columns[i].name, value);
	}
	dm_row_end(part);
}

void dm_host_add_diskstats(struct dm_part *part, struct dm_str text)
{
	uint64_t values[DM_COUNT(disk_columns)];
	struct dm_str line, major, minor, name;

	while (dm_str_line(&text, &line)) {
		unsigned n;

		if (!dm_str_word(&line, &major) ||
		    !dm_str_word(&line, &minor) || !dm_str_word(&line, &name) ||
		    disk_excluded(name))
			continue;
		n = numbers(line, DM_COUNT(disk_columns), values);
		/* Kernels since 2.6.25 have 11 columns, later ones more. */
		if (n >= 11)
			add_disk(part, name, values, n);
	}
}

void dm_host_add_net_dev(struct dm_part *part, struct dm_str text)
{
	static const char *const names[DM_NET_COLUMNS] = {
	    "node_network_receive_bytes_total",
	    "node_network_receive_packets_total",
	    "node_network_receive_errs_total",
	    "node_network_receive_drop_total",
	    "node_network_receive_fifo_total",
	    "node_network_receive_frame_total",
	    "node_network_receive_compressed_total",
	    "node_network_receive_multicast_total",
	    "node_network_transmit_bytes_total",
	    "node_network_transmit_packets_total",
	    "node_network_transmit_errs_total",
	    "node_network_transmit_drop_total",
	    "node_network_transmit_fifo_total",
	    "node_network_transmit_colls_total",
	    "node_network_transmit_carrier_total",
	    "node_network_transmit_compressed_total",
	};
	struct dm_net_dev dev;

	while (dm_net_dev_next(&text, &dev)) {
		dm_row_begin(part, "host");
		dm_record_label_bytes(&part->text, "device", dev.name);
		dm_row_metrics(part);
		for (unsigned i = 0; i < DM_NET_COLUMNS; i++)
			dm_row_u64(part, names[i], dev.values[i]);
		dm_row_end(part);
	}
}

/* Memory is counted in pages. */
static void add_sockstat(struct dm_part *part, struct dm_str protocol,
    struct dm_str key, uint64_t value)
{
	char prefix[NAME_BYTES], name[NAME_BYTES];

	if (!name_metric(prefix, "node_sockstat_", protocol, "_") ||
	    !name_metric(name, prefix, key, ""))
		return;
	dm_metrics_u64(&part->main, name, value);
	if (dm_str_is(key, "mem") &&
	    !__builtin_mul_overflow(
		value, (uint64_t)sysconf(_SC_PAGESIZE), &value) &&
	    name_metric(name, prefix, key, "_bytes"))
		dm_metrics_u64(&part->main, name, value);
}

void dm_host_add_sockstat(struct dm_part *part, struct dm_str text)
{
	struct dm_str line, protocol, key, number;
	uint64_t value;

	while (dm_str_line(&text, &line)) {
		if (!dm_str_cut(&line, ':', &protocol) || !line.p)
			continue;
		while (
		    dm_str_word(&line, &key) && dm_str_word(&line, &number)) {
			if (dm_str_u64(number, &value))
				add_sockstat(part, protocol, key, value);
		}
	}
}

void dm_host_add_file_nr(struct dm_part *part, struct dm_str text)
{
	uint64_t values[3];

	if (numbers(text, 3, values) < 3)
		return;
	dm_metrics_u64(&part->main, "node_filefd_allocated", values[0]);
	dm_metrics_u64(&part->main, "node_filefd_maximum", values[2]);
}

void dm_host_add_conntrack(struct dm_part *part, struct dm_str text)
{
	uint64_t value;

	if (dm_str_u64(dm_str_trim(text), &value))
		dm_metrics_u64(&part->main, "node_nf_conntrack_entries", value);
}

static void add_pressure(struct dm_part *part, const char *waiting,
    const char *stalled, struct dm_str text)
{
	uint64_t some_us, full_us;

	if (!dm_cgroup_pressure(text, &some_us, &full_us) ||
	    some_us > INT64_MAX || full_us > INT64_MAX)
		return;
	dm_metrics_scaled(&part->main, waiting, (int64_t)some_us, 6);
	if (stalled)
		dm_metrics_scaled(&part->main, stalled, (int64_t)full_us, 6);
}

/* For the host as a whole, nothing is ever stalled for want of CPU. */
void dm_host_add_cpu_pressure(struct dm_part *part, struct dm_str text)
{
	add_pressure(
	    part, "node_pressure_cpu_waiting_seconds_total", NULL, text);
}

void dm_host_add_io_pressure(struct dm_part *part, struct dm_str text)
{
	add_pressure(part, "node_pressure_io_waiting_seconds_total",
	    "node_pressure_io_stalled_seconds_total", text);
}

void dm_host_add_memory_pressure(struct dm_part *part, struct dm_str text)
{
	add_pressure(part, "node_pressure_memory_waiting_seconds_total",
	    "node_pressure_memory_stalled_seconds_total", text);
}
