/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory runs out at every point in turn: the k-th allocation fails, for
 * each k until a run has fewer (with DM_LONG; else for the first fifty, and
 * ever fewer of the later ones). Each such run ends with DM_ENOMEM, or as if
 * nothing had been; what it wrote until then is how a whole run begins; and
 * nothing is leaked (the run with sanitizers tells). Allocations are those
 * of the archive (ld --wrap) and of SQLite.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "clean/clean.h"
#include "collect/collect.h"
#include "query/complete.h"
#include "query/prompt.h"
#include "rules/engine.h"
#include "rules/test.h"
#include "store/store.h"

static char folder[] = "/tmp/dmon-test.XXXXXX";
static char in_path[64], out_path[64], rules_path[64], tests_path[64],
    db_path[64];

/* ---- allocations that fail ---- */

static unsigned long seen, fail_at; /* 0: none fails */

static bool fails(void)
{
	return fail_at && ++seen == fail_at;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t each);
void *__real_realloc(void *p, size_t n);
void *__real_reallocarray(void *p, size_t n, size_t each);
void *__real_aligned_alloc(size_t to, size_t n);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t each);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t n, size_t each);
void *__wrap_aligned_alloc(size_t to, size_t n);
char *__wrap_strdup(const char *s);

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t each)
{
	return fails() ? NULL : __real_calloc(n, each);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

void *__wrap_reallocarray(void *p, size_t n, size_t each)
{
	return fails() ? NULL : __real_reallocarray(p, n, each);
}

void *__wrap_aligned_alloc(size_t to, size_t n)
{
	return fails() ? NULL : __real_aligned_alloc(to, n);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

static sqlite3_mem_methods sqlite_memory;

static void *sqlite_malloc(int n)
{
	return fails() ? NULL : sqlite_memory.xMalloc(n);
}

static void *sqlite_realloc(void *p, int n)
{
	return fails() ? NULL : sqlite_memory.xRealloc(p, n);
}

static void wrap_sqlite(void)
{
	sqlite3_mem_methods m;

	assert_int_equal(
	    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory), 0);
	m = sqlite_memory;
	m.xMalloc = sqlite_malloc;
	m.xRealloc = sqlite_realloc;
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &m), 0);
}

/* ---- at every point in turn ---- */

/* Does its work and leaves what it wrote in out_path. */
typedef int scenario_fn(struct dm_err *err);
/* Is what a run wrote right, where a whole run would have written that? */
typedef bool right_fn(int status, struct dm_str now, struct dm_str whole);

/* All of it, or its beginning where memory ran out. */
static bool begins_so(int status, struct dm_str now, struct dm_str whole)
{
	if (now.n > whole.n || (now.n && memcmp(now.p, whole.p, now.n) != 0))
		return false;
	return status < 0 || now.n == whole.n;
}

static size_t count(struct dm_str text, const char *word)
{
	size_t n = 0, len = strlen(word);
	const char *p = text.p, *found;

	while (p &&
	       (found = memmem(p, (size_t)(text.p + text.n - p), word, len))) {
		n++;
		p = found + len;
	}
	return n;
}

/* Times are those of the run; no record lacks, unless it is said. */
static bool nothing_lacks(int status, struct dm_str now, struct dm_str whole)
{
	return status < 0 || count(now, "\n") == count(whole, "\n") ||
	       count(now, "\"dmon_source_success\":0") > 0;
}

static struct dm_buf read_out(void)
{
	struct dm_buf b = {0};

	assert_int_equal(dm_file_read(out_path, 64u << 20, &b, NULL), 0);
	return b;
}

static void at_each_point(scenario_fn *scenario, right_fn *right)
{
	struct dm_buf whole, now;
	struct dm_err err = {0};
	bool each = getenv("DM_LONG") != NULL;
	unsigned long k = 1, failed = 0, points = 0;
	bool reached;

	if (scenario(&err) < 0)
		fail_msg("%s:%u: %s", err.file, err.line, err.msg);
	whole = read_out();
	assert_true(whole.n > 0);
	do {
		int status;

		err = (struct dm_err){0};
		seen = 0;
		fail_at = k;
		status = scenario(&err);
		fail_at = 0;
		now = read_out();
		if (status < 0 && err.code != DM_ENOMEM)
			fail_msg("point %lu: %s", k, err.msg);
		if (!right(status, dm_buf_str(&now), dm_buf_str(&whole)))
			fail_msg("point %lu: status %d, but wrote:\n%.*s", k,
			    status, (int)now.n, now.p);
		failed += status < 0;
		dm_buf_release(&now);
		points++;
		reached = seen >= k;
		k += each ? 1 : 1 + k / 50;
	} while (reached);
	assert_true(failed > 10);
	print_message("# %lu points of %lu, of which %lu end the run\n", points,
	    k, failed);
	dm_buf_release(&whole);
}

/* ---- what is done ---- */

static int open_out(void)
{
	int fd = open(out_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	return fd;
}

/* A run may fail before it comes to writing. */
static void empty_out(void)
{
	close(open_out());
}

static int run_stream(
    const struct dm_filter *filter, bool only, struct dm_err *err)
{
	const char *files[] = {in_path};
	struct dm_stream_options o = {
	    .files = files, .n_files = 1, .out_fd = open_out(), .only = only};
	struct dm_stream_result result;
	int status = dm_stream_run(&o, filter, &result, err);

	if (status == 0 && result.rejected)
		fail_msg("a record was rejected");
	close(o.out_fd);
	return status;
}

static void hear(void *ctx, const struct dm_err *err)
{
	*(enum dm_code *)ctx = err->code;
}

/* What one run remembers, the next one takes back. */
static int hand_over(const struct dm_engine_options *options,
    struct dm_engine *e, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf state = {0};
	struct dm_engine *next;
	int status;

	if (dm_engine_save(e, &state, err) < 0 ||
	    dm_engine_new(options, &next, err) < 0)
		return -1;
	status = dm_engine_restore(next, dm_buf_str(&state), err);
	dm_engine_free(next);
	return status;
}

static int match(struct dm_err *err)
{
	const char *paths[] = {rules_path};
	enum dm_code heard = DM_OK;
	const struct dm_engine_options o = {.paths = paths,
	    .n_paths = 1,
	    .interval_us = 1000000,
	    .say = hear,
	    .ctx = &heard};
	struct dm_engine *e = NULL;
	int status = -1;

	empty_out();
	if (dm_engine_new(&o, &e, err) == 0) {
		const struct dm_filter filter = {.ctx = e,
		    .start = dm_engine_start,
		    .record = dm_engine_record,
		    .end = dm_engine_end,
		    .forget = dm_engine_forget};

		status = run_stream(&filter, false, err);
		if (status == 0)
			status = hand_over(&o, e, err);
		if (status == 0 && heard != DM_OK)
			fail_msg("went on after error %d", (int)heard);
	}
	dm_engine_free(e);
	return status;
}

/* A file that is wrong only because memory has run out is not wrong. */
static void hear_wrong(void *ctx, const struct dm_err *err)
{
	(void)ctx;
	if (err->code != DM_ENOMEM)
		fail_msg("%s:%u: %s", err->file, err->line, err->msg);
}

static void hear_unmatched(void *ctx, const char *pattern)
{
	(void)ctx;
	fail_msg("no file %s", pattern);
}

static void hear_failed(void *ctx, struct dm_str text)
{
	assert_int_equal(
	    dm_file_write_all(*(int *)ctx, text.p, text.n, NULL), 0);
}

static int unit_tests(struct dm_err *err)
{
	int fd = open_out(), status;
	const struct dm_test_sink sink = {
	    &fd, hear_wrong, hear_unmatched, hear_failed};

	status = dm_test_run(tests_path, &sink, err);
	close(fd);
	return status;
}

static int replay_into(int fd, struct dm_err *err)
{
	static const struct dm_store_query all = {
	    .from_us = INT64_MIN, .to_us = INT64_MAX};
	struct dm_store_reader *r = NULL;
	struct dm_stored record;
	int status = dm_store_reader_open(db_path, &all, &r, err);

	while (status >= 0 &&
	       (status = dm_store_reader_next(r, &record, err)) == 1) {
		assert_true(write(fd, record.line.p, record.line.n) ==
			    (ssize_t)record.line.n);
	}
	dm_store_reader_free(r);
	return status;
}

/* Stored, and read again: the same twice over. */
static int store(struct dm_err *err)
{
	static const struct dm_store_options options = {.wait_ms = 1000};
	struct dm_store_batch batch = {.delay_us = 100000};
	struct dm_filter filter;
	int status = -1, fd;

	empty_out();
	unlink(db_path);
	if (dm_store_open(db_path, &options, &batch.store, err) == 0) {
		filter = dm_store_filter(&batch);
		status = run_stream(&filter, true, err);
	}
	dm_store_batch_release(&batch);
	dm_store_free(batch.store);
	if (status < 0)
		return -1;
	fd = open(out_path, O_WRONLY | O_APPEND);
	status = replay_into(fd, err);
	close(fd);
	return status;
}

/* ---- queries ---- */

static int when(void *ctx, int64_t greatest_us, int64_t *ret_start_us,
    int64_t *ret_end_us, struct dm_err *err)
{
	struct dm_query_load *l = ctx;

	if (dm_query_resolve(l, greatest_us, err) < 0)
		return -1;
	*ret_start_us = l->start_us;
	*ret_end_us = l->end_us;
	return 0;
}

static int load(void *ctx, struct dm_query_load *l, struct dm_err *err)
{
	const struct dm_store_fill fill = {.selectors = l->selectors,
	    .n_selectors = l->n_selectors,
	    .when = when,
	    .when_ctx = l,
	    .max_samples = l->max_samples};

	(void)ctx;
	return dm_store_fill(db_path, &fill, l->window, err);
}

static int look(void *ctx, uint64_t *ret_version, int64_t *ret_greatest_us,
    struct dm_err *err)
{
	(void)ctx;
	return dm_store_look(db_path, ret_version, ret_greatest_us, err);
}

/* What went wrong at the prompt, which goes on. */
static int heard(const struct dm_buf *said, struct dm_err *err)
{
	if (said->n && count(dm_buf_str(said), "memory") == 0)
		fail_msg("%.*s", (int)said->n, said->p);
	return said->n || said->failed ? dm_err_nomem(err) : 0;
}

static int ask(struct dm_prompt *p, int fd, struct dm_err *err)
{
	static const char *const lines[] = {"\\d", "\\alerts",
	    "\\d container_memory_working_set_bytes",
	    "container_memory_working_set_bytes{name=~\"w.*\"}",
	    "container_cpu_usage_seconds_total[3s]", "{job=\"dmon\"} offset 1s",
	    "\\range end-6s end 1s",
	    "sum by (name) (rate(container_cpu_usage_seconds_total[3s]))",
	    "\\format json", "rate(container_cpu_usage_seconds_total[3s])",
	    "\\format csv", "container_memory_working_set_bytes > 40",
	    ("info(container_memory_working_set_bytes offset step()) + "
	     "ignoring "
	     "(x) fill (0) rate(container_cpu_usage_seconds_total[3s] "
	     "smoothed)"),
	    "\\format prometheus", "container_memory_working_set_bytes",
	    "\\chart", "container_memory_working_set_bytes"};

	for (size_t i = 0; i < DM_COUNT(lines); i++) {
		DM_AUTO_BUF struct dm_buf out = {0}, said = {0};

		if (dm_prompt_line(p, dm_str(lines[i]), &out, &said) !=
		    DM_PROMPT_DONE)
			fail_msg("%s is not done", lines[i]);
		if (heard(&said, err) < 0 || dm_buf_ok(&out, err) < 0 ||
		    dm_file_write_all(fd, out.p, out.n, err) < 0)
			return -1;
	}
	return 0;
}

static int complete(int fd, struct dm_err *err)
{
	static const char *const texts[] = {"con", "sum by (",
	    "container_memory_working_set_bytes{na",
	    "container_memory_working_set_bytes{name=\"w", "\\format c"};
	const struct dm_catalog catalog = dm_store_catalog(db_path);

	for (size_t i = 0; i < DM_COUNT(texts); i++) {
		DM_AUTO_COMPLETION struct dm_completion c = {0};

		if (dm_complete(&catalog, dm_str(texts[i]), &c, err) < 0)
			return -1;
		for (size_t k = 0; k < c.n; k++)
			if (dm_file_write_all(
				fd, c.words[k], strlen(c.words[k]), err) < 0)
				return -1;
	}
	return 0;
}

static int query(struct dm_err *err)
{
	const struct dm_prompt_options o = {
	    .back = {NULL, load, look},
	    .catalog = dm_store_catalog(db_path),
	    .query = {.start = DM_MOMENT_END,
		.end = DM_MOMENT_END,
		.max_samples = 1000},
	    .view = {.columns = 60, .rows = 10},
	};
	DM_AUTO_PROMPT struct dm_prompt *p = NULL;
	int fd = open_out(), status = dm_prompt_new(&o, &p, err);

	if (status == 0)
		status = ask(p, fd, err);
	if (status == 0)
		status = complete(fd, err);
	close(fd);
	return status;
}

static int keep_text(void *ctx, struct dm_str text, struct dm_err *err)
{
	return dm_file_write_all(*(int *)ctx, text.p, text.n, err);
}

static int collect_from(const char *procfs, const char *sysfs,
    const char *source, struct dm_err *err)
{
	int fd = open_out(), status = -1;
	struct dm_collector_options o = {
	    .collect = {.procfs = procfs,
		.sysfs = sysfs,
		.rootfs = "/nonexistent",
		.instance = "node-1",
		.job = "dmon",
		.docker_host = "unix:///nonexistent"},
	    .sources = &source,
	    .n_sources = 1,
	    .write = keep_text,
	    .ctx = &fd,
	};
	struct dm_collector *c = NULL;

	if (dm_collector_new(&o, &c, err) == 0)
		status = dm_collector_sweep(c, 1795476513000000, 0, err);
	dm_collector_free(c);
	close(fd);
	return status;
}

#define COLLECTED FIXTURES "/collect"

static int collect_cgroup(struct dm_err *err)
{
	return collect_from(
	    COLLECTED "/proc", COLLECTED "/v1/sys", "cgroup", err);
}

static int collect_cgroup2(struct dm_err *err)
{
	return collect_from(
	    COLLECTED "/proc", COLLECTED "/v2/sys", "cgroup", err);
}

static int collect_proc(struct dm_err *err)
{
	return collect_from(
	    FIXTURES "/proc/procfs", COLLECTED "/v2/sys", "proc", err);
}

static int collect_posture(struct dm_err *err)
{
	return collect_from(
	    FIXTURES "/posture/tree/proc", COLLECTED "/v2/sys", "posture", err);
}

static int collect_host(struct dm_err *err)
{
	return collect_from(
	    FIXTURES "/host/procfs", COLLECTED "/v2/sys", "host", err);
}

static int collect_network(struct dm_err *err)
{
	return collect_from("/proc", COLLECTED "/v2/sys", "network", err);
}

/* ---- with what ---- */

static const char rules[] =
    "groups:\n"
    "- name: g\n"
    "  labels: {team: a}\n"
    "  rules:\n"
    "  - record: job:cpu:rate\n"
    "    expr: sum by (job) (rate(container_cpu_usage_seconds_total[3s]))\n"
    "  - alert: Memory\n"
    "    expr: container_memory_working_set_bytes{name=~\"w.*\"} > 40\n"
    "    for: 1s\n"
    "    labels: {severity: '{{ if gt $value 50.0 }}critical{{ else }}info"
    "{{ end }}'}\n"
    "    annotations:\n"
    "      summary: '{{ $labels.name | toUpper }}: {{ humanize $value }}'\n"
    "      others: '{{ define \"n\" }}{{ .Value }}{{ end }}{{ range printf\n"
    "        \"container_memory_working_set_bytes >= %f\" $value |\n"
    "        query | sortByLabel \"name\" }}{{ template \"n\" . }} "
    "{{ end }}'\n"
    "      sum: '{{ query \"sum(container_memory_working_set_bytes)\" |\n"
    "        first | value | toDuration }}'\n"
    "  - alert: Both\n"
    "    expr: job:cpu:rate > 0 and on (job) topk(1, abs(ceil(\n"
    "      container_memory_working_set_bytes)))\n"
    "    keep_firing_for: 2s\n"
    "  - record: job:memory:max\n"
    "    expr: max_over_time(label_replace(\n"
    "      container_memory_working_set_bytes, 'c', '$1', 'name',\n"
    "      '(?i:W)(?P<n>.*)' )[4s:1s] offset 1s) + ignoring (a, b, c, d)\n"
    "      group_left (__name__) label_join(\n"
    "      container_memory_working_set_bytes, 'd', '', 'id', 'name')\n"
    "  - record: job:values\n"
    "    expr: count_values by (job, name) ('v',\n"
    "      container_memory_working_set_bytes) or histogram_quantile(0.9,\n"
    "      label_replace({__name__=~'.*_seconds.*'}, 'le', '$1', 'id',\n"
    "      '/(.)')) or limit_ratio(0.5, sort_by_label(\n"
    "      container_memory_working_set_bytes, 'id')) or\n"
    "      absent_over_time(nope{a='b'}[3s:1s]) or hour()\n";

/* What is missing waits, and the metrics of one container go. */
static int clean(struct dm_err *err)
{
	struct dm_clean_options o = {
	    .missing = DM_MISSING_LINEAR,
	    .glitches = DM_GLITCHES_REMOVE,
	    .lag = 3,
	};
	struct dm_clean *c = NULL;
	int status = -1;

	empty_out();
	if (dm_choice_add_lines(&o.choices.drop,
		DM_STR("# no\n{name=~\"w.*2\"}\n"), err) == 0 &&
	    dm_clean_new(&o, &c, err) == 0) {
		const struct dm_filter filter = {.ctx = c,
		    .start = dm_clean_start,
		    .record = dm_clean_record,
		    .end = dm_clean_end,
		    .forget = dm_clean_forget};

		status = run_stream(&filter, true, err);
	}
	dm_clean_free(c);
	dm_choices_release(&o.choices);
	return status;
}

static int clean_report(struct dm_err *err)
{
	const struct dm_clean_options o = {.report = true};
	DM_AUTO_BUF struct dm_buf proposed = {0};
	struct dm_clean *c = NULL;
	int status = -1;

	empty_out();
	if (dm_clean_new(&o, &c, err) == 0) {
		const struct dm_filter filter = {.ctx = c,
		    .start = dm_clean_start,
		    .record = dm_clean_record,
		    .end = dm_clean_end,
		    .forget = dm_clean_forget};

		status = run_stream(&filter, true, err);
		if (status == 0)
			status = dm_clean_propose(c, &proposed, err);
	}
	dm_clean_free(c);
	return status;
}

/* Both fail, so that something is written. */
static const char unit_test_file[] =
    "rule_files: ['*.yml']\n"
    "group_eval_order: [g]\n"
    "evaluation_interval: 1s\n"
    "tests:\n"
    "- name: t\n"
    "  interval: 1s\n"
    "  external_labels: {a: b}\n"
    "  input_series:\n"
    "  - {series: 'container_memory_working_set_bytes{name=\"w\"}',\n"
    "     values: '50+1x5 _ stale 7'}\n"
    "  - {series: 'container_memory_working_set_bytes{name=\"v\"}',\n"
    "     values: 1x9}\n"
    "  alert_rule_test:\n"
    "  - eval_time: 3s\n"
    "    alertname: Memory\n"
    "    exp_alerts: [{exp_labels: {x: y}, exp_annotations: {z: w}}]\n"
    "  promql_expr_test:\n"
    "  - expr: container_memory_working_set_bytes * 2\n"
    "    eval_time: 2s\n"
    "    exp_samples: [{labels: '{name=\"u\"}', value: 3}]\n";

static void write_records(void)
{
	DM_AUTO_BUF struct dm_buf b = {0};

	for (int t = 0; t < 8; t++) {
		for (int c = 0; c < 3 + (t == 5); c++)
			dm_buf_addf(&b,
			    "{\"ts\":%d,\"kind\":\"container\",\"labels\":{"
			    "\"instance\":\"n\",\"job\":\"dmon\",\"id\":\"/"
			    "%d\","
			    "\"name\":\"w\\\"%d\"},\"metrics\":{"
			    "\"container_cpu_usage_seconds_total\":%d.5,"
			    "\"container_memory_working_set_bytes\":%d}}\n",
			    1795476000 + t, c, c, t * (c + 1),
			    t == 6 ? 0 : 30 + 17 * c + t);
		dm_buf_addf(&b,
		    "{\"ts\":%d,\"kind\":\"container\",\"labels\":{"
		    "\"instance\":\"n\",\"job\":\"dmon\"},"
		    "\"metrics\":{\"container_processes\":%s}}\n",
		    1795476000 + t, t == 3 ? "null" : "7");
		dm_buf_addf(&b,
		    "{\"ts\":%d,\"kind\":\"sweep\",\"labels\":{\"instance\":"
		    "\"n\",\"job\":\"dmon\"},\"metrics\":{\"up\":1}}\n",
		    1795476000 + t);
	}
	assert_int_equal(dm_file_replace(in_path, dm_buf_str(&b), NULL), 0);
	assert_int_equal(dm_file_replace(rules_path, DM_STR(rules), NULL), 0);
	assert_int_equal(
	    dm_file_replace(tests_path, DM_STR(unit_test_file), NULL), 0);
}

static int set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(in_path, sizeof(in_path), "%s/in", folder);
	snprintf(out_path, sizeof(out_path), "%s/out", folder);
	snprintf(rules_path, sizeof(rules_path), "%s/rules.yml", folder);
	snprintf(tests_path, sizeof(tests_path), "%s/rules.test", folder);
	snprintf(db_path, sizeof(db_path), "%s/db", folder);
	write_records();
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {
	    "in", "out", "rules.yml", "rules.test", "db", "db-wal", "db-shm"};

	(void)state;
	assert_int_equal(chdir(folder), 0);
	for (size_t i = 0; i < DM_COUNT(names); i++)
		unlink(names[i]);
	return rmdir(folder);
}

#define SCENARIO(name, right)                                                  \
	static void test_##name(void **state)                                  \
	{                                                                      \
		(void)state;                                                   \
		at_each_point(name, right);                                    \
	}

SCENARIO(match, begins_so)
SCENARIO(clean, begins_so)
SCENARIO(clean_report, begins_so)
SCENARIO(unit_tests, begins_so)
SCENARIO(store, begins_so)
SCENARIO(query, begins_so) /* of what store has stored */
SCENARIO(collect_cgroup, nothing_lacks)
SCENARIO(collect_cgroup2, nothing_lacks)
SCENARIO(collect_proc, nothing_lacks)
SCENARIO(collect_posture, nothing_lacks)
SCENARIO(collect_host, nothing_lacks)
SCENARIO(collect_network, nothing_lacks)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_match),
	    cmocka_unit_test(test_clean),
	    cmocka_unit_test(test_clean_report),
	    cmocka_unit_test(test_unit_tests),
	    cmocka_unit_test(test_store),
	    cmocka_unit_test(test_query),
	    cmocka_unit_test(test_collect_cgroup),
	    cmocka_unit_test(test_collect_cgroup2),
	    cmocka_unit_test(test_collect_proc),
	    cmocka_unit_test(test_collect_posture),
	    cmocka_unit_test(test_collect_host),
	    cmocka_unit_test(test_collect_network),
	};

	wrap_sqlite();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
