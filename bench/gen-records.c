/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Container records as dmon-collect writes them, 15 metrics each, the same
 * ones at every run: gen-records CONTAINERS SWEEPS [SECONDS-BETWEEN].
 * Counters grow and sometimes start anew, gauges wander.
 */
#include <stdio.h>

#include "base/file.h"
#include "record/write.h"

#define FIRST_TS_US (INT64_C(1795476000) * DM_US_PER_S)
#define LIMIT_BYTES 268435456.0

struct container {
	char labels[256];
	int64_t cpu_ns, user_ns;
	uint64_t periods, throttled, failcnt, reads, writes;
	uint64_t processes;
	double usage;
};

static uint64_t state = 88172645463325252u;

/* Source: Marsaglia, Xorshift RNGs, 2003. */
static uint64_t random_below(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

static void begin(struct container *c, unsigned i)
{
	snprintf(c->labels, sizeof(c->labels),
	    "\"instance\":\"node-1\",\"job\":\"dmon\",\"id\":\"/docker/"
	    "%016lx%016lx%016lx%016lx\",\"name\":\"%s-%u\","
	    "\"image\":\"registry.example.org/team/app:%u.%u\"",
	    random_below(UINT64_MAX), random_below(UINT64_MAX),
	    random_below(UINT64_MAX), random_below(UINT64_MAX),
	    i % 3 ? "web" : "db", i, i % 7, i % 11);
	c->usage = (double)random_below((uint64_t)LIMIT_BYTES);
	c->processes = 1 + random_below(41);
}

static void step(struct container *c, int64_t seconds)
{
	int64_t used = (int64_t)random_below((uint64_t)(seconds * 1000000000));

	if (random_below(5000) == 0)
		c->cpu_ns = c->user_ns = 0;
	c->cpu_ns += used;
	c->user_ns += used * 7 / 10;
	c->periods += 10 * (uint64_t)seconds;
	c->throttled += random_below(3);
	c->failcnt += random_below(200) == 0;
	c->reads += random_below(50) * 4096;
	c->writes += random_below(80) * 4096;
	if (random_below(10) == 0)
		c->processes = 1 + (c->processes + random_below(3)) % 41;
	c->usage += ((double)random_below(2000) - 998) * 8192;
	if (c->usage < 0 || c->usage > LIMIT_BYTES)
		c->usage = LIMIT_BYTES / 2;
}

static void write_one(struct dm_buf *b, int64_t ts_us, struct container *c)
{
	double usage = (double)(uint64_t)c->usage;

	dm_record_begin(b, ts_us, "container");
	dm_record_label_text(b, dm_str(c->labels));
	dm_record_metrics(b);
	dm_record_metric_scaled(
	    b, "container_cpu_usage_seconds_total", c->cpu_ns, 9);
	dm_record_metric_scaled(
	    b, "container_cpu_user_seconds_total", c->user_ns / 10000000, 2);
	dm_record_metric_scaled(b, "container_cpu_system_seconds_total",
	    (c->cpu_ns - c->user_ns) / 10000000, 2);
	dm_record_metric_u64(b, "container_cpu_cfs_periods_total", c->periods);
	dm_record_metric_u64(
	    b, "container_cpu_cfs_throttled_periods_total", c->throttled);
	dm_record_metric(b, "container_memory_usage_bytes", usage);
	dm_record_metric(b, "container_memory_working_set_bytes",
	    (double)(uint64_t)(usage * 0.9));
	dm_record_metric(
	    b, "container_memory_rss", (double)(uint64_t)(usage * 0.6));
	dm_record_metric(
	    b, "container_memory_cache", (double)(uint64_t)(usage * 0.3));
	dm_record_metric_u64(b, "container_memory_failcnt", c->failcnt);
	dm_record_metric(b, "container_spec_memory_limit_bytes", LIMIT_BYTES);
	dm_record_metric_u64(b, "container_fs_reads_bytes_total", c->reads);
	dm_record_metric_u64(b, "container_fs_writes_bytes_total", c->writes);
	dm_record_metric_u64(b, "container_processes", c->processes);
	dm_record_metric_u64(b, "container_threads", 3 * c->processes);
	dm_record_end(b);
}

static void write_sweep(struct dm_buf *b, int64_t ts_us, unsigned n)
{
	dm_record_begin(b, ts_us, "sweep");
	dm_record_label_text(
	    b, DM_STR("\"instance\":\"node-1\",\"job\":\"dmon\""));
	dm_record_metrics(b);
	dm_record_metric_u64(b, "up", 1);
	dm_record_metric(b, "scrape_duration_seconds", 0.05);
	dm_record_metric_u64(b, "scrape_samples_scraped", 15 * n);
	dm_record_end(b);
}

int main(int argc, char **argv)
{
	uint64_t n = 0, sweeps = 0, seconds = 1;
	DM_AUTO_FREE struct container *all = NULL;
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_err err;

	if (argc < 3 || !dm_str_u64(dm_str(argv[1]), &n) ||
	    !dm_str_u64(dm_str(argv[2]), &sweeps) ||
	    (argc > 3 && !dm_str_u64(dm_str(argv[3]), &seconds))) {
		fputs(
		    "usage: gen-records CONTAINERS SWEEPS [SECONDS]\n", stderr);
		return 2;
	}
	all = calloc(n ? n : 1, sizeof(*all));
	if (!all)
		return 4;
	for (unsigned i = 0; i < n; i++)
		begin(&all[i], i);
	for (uint64_t s = 0; s < sweeps; s++) {
		int64_t ts_us =
		    FIRST_TS_US + (int64_t)(s * seconds) * DM_US_PER_S;

		dm_buf_clear(&b);
		for (unsigned i = 0; i < n; i++) {
			step(&all[i], (int64_t)seconds);
			write_one(&b, ts_us, &all[i]);
		}
		write_sweep(&b, ts_us, (unsigned)n);
		if (dm_buf_ok(&b, &err) < 0 ||
		    dm_file_write_all(1, b.p, b.n, &err) < 0) {
			fprintf(stderr, "gen-records: %s\n", err.msg);
			return 4;
		}
	}
	return 0;
}
