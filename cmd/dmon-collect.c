/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit.h"
#include "common.h"

#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/signals.h"
#include "base/time.h"
#include "base/utf8.h"
#include "collect/collect.h"
#include "collect/log-pattern.h"
#include "collect/privileges.h"
#include "collect/tick.h"

static const struct dm_program program = {
    "dmon-collect",
    "usage: dmon-collect [-h] [-i interval] [-n count] [--procfs path]\n"
    "                    [--sysfs path] [--rootfs path] [--instance name]\n"
    "                    [--job name] [--label key] [--docker host]\n"
    "                    [--docker-certs folder] [--registry name]\n"
    "                    [--log patterns] [--audit] [source ...]\n"
    "       dmon-collect --list\n",
};

enum {
	OPT_PROCFS = DM_OPT_OWN,
	OPT_SYSFS,
	OPT_ROOTFS,
	OPT_INSTANCE,
	OPT_JOB,
	OPT_LABEL,
	OPT_DOCKER,
	OPT_CERTS,
	OPT_REGISTRY,
	OPT_LOG,
	OPT_AUDIT,
	OPT_LIST,
};

static const struct option options[] = {
    DM_COMMON_LONG_OPTIONS,
    {"procfs", required_argument, NULL, OPT_PROCFS},
    {"sysfs", required_argument, NULL, OPT_SYSFS},
    {"rootfs", required_argument, NULL, OPT_ROOTFS},
    {"instance", required_argument, NULL, OPT_INSTANCE},
    {"job", required_argument, NULL, OPT_JOB},
    {"label", required_argument, NULL, OPT_LABEL},
    {"docker", required_argument, NULL, OPT_DOCKER},
    {"docker-certs", required_argument, NULL, OPT_CERTS},
    {"registry", required_argument, NULL, OPT_REGISTRY},
    {"log", required_argument, NULL, OPT_LOG},
    {"audit", no_argument, NULL, OPT_AUDIT},
    {"list", no_argument, NULL, OPT_LIST},
    {0},
};

#define KEYS_MAX 64

/* An option that may be given again and again. */
struct keys {
	const char *list[KEYS_MAX];
	size_t n;
};

static struct {
	struct dm_collector_options collector;
	struct keys labels, registries, logs;
	struct dm_log_patterns patterns;
	char hostname[256];
	int64_t interval_us;
	uint64_t count; /* 0: for ever */
	bool list;
	bool audit;
	struct dm_audit audited;
	bool privileged; /* see dm_privileges_drop */
} o = {
    .collector.collect = {.procfs = "/proc",
	.sysfs = "/sys",
	.rootfs = "/",
	.job = "dmon"},
    .interval_us = DM_US_PER_S,
};

static void take_path_option(int option)
{
	struct dm_collect_options *c = &o.collector.collect;

	switch (option) {
	case OPT_PROCFS:
		c->procfs = optarg;
		break;
	case OPT_SYSFS:
		c->sysfs = optarg;
		break;
	case OPT_ROOTFS:
		c->rootfs = optarg;
		break;
	case OPT_INSTANCE:
		c->instance = optarg;
		break;
	case OPT_JOB:
		c->job = optarg;
		break;
	case OPT_DOCKER:
		c->docker_host = optarg;
		break;
	case OPT_CERTS:
		c->docker_certs = optarg;
		break;
	}
}

static void add_key(struct keys *keys, const char *option)
{
	if (keys->n == KEYS_MAX)
		dm_usage("%s: more than %d", option, KEYS_MAX);
	keys->list[keys->n++] = optarg;
}

/* Who asks once for the posture alone, on a terminal, wants to read it. */
static void take_audit(void)
{
	static const char *const posture[] = {"posture"};
	struct dm_collector_options *c = &o.collector;
	bool alone = c->n_sources == 1 && strcmp(*c->sources, "posture") == 0;

	if (o.audit && c->n_sources && !alone)
		dm_usage("--audit is about the source posture alone");
	if (o.audit && o.count > 1)
		dm_usage("--audit is one look, not %llu",
		    (unsigned long long)o.count);
	if (!o.audit && !(alone && o.count == 1 && isatty(STDOUT_FILENO)))
		return;
	o.audit = true;
	o.count = 1;
	c->sources = posture;
	c->n_sources = 1;
}

static void take_options(int argc, char **argv)
{
	struct dm_collect_options *c = &o.collector.collect;
	int option;

	while (
	    (option = getopt_long(argc, argv, "hi:n:", options, NULL)) != -1) {
		if (dm_common_option(option, NULL))
			continue;
		if (option == 'i')
			o.interval_us = dm_arg_duration("-i", optarg);
		else if (option == 'n')
			o.count = dm_arg_u64("-n", optarg, 1, UINT64_MAX);
		else if (option == OPT_LIST)
			o.list = true;
		else if (option == OPT_AUDIT)
			o.audit = true;
		else if (option == OPT_LABEL)
			add_key(&o.labels, "--label");
		else if (option == OPT_REGISTRY)
			add_key(&o.registries, "--registry");
		else if (option == OPT_LOG)
			add_key(&o.logs, "--log");
		else
			take_path_option(option);
	}
	if (o.interval_us < 10000)
		dm_usage("-i: less than 10ms");
	c->label_keys = o.labels.list;
	c->n_label_keys = o.labels.n;
	c->registries = o.registries.list;
	c->n_registries = o.registries.n;
	o.collector.sources = (const char *const *)argv + optind;
	o.collector.n_sources = (size_t)(argc - optind);
	take_audit();
	c->interval_us = o.count == 1 ? 0 : o.interval_us;
}

static int load_patterns(struct dm_err *err)
{
	for (size_t i = 0; i < o.logs.n; i++)
		if (dm_log_patterns_load(&o.patterns, o.logs.list[i], err) < 0)
			return -1;
	o.collector.collect.log_patterns = &o.patterns;
	return 0;
}

/* From procfs, so that a recorded tree has the name of its own host. */
static void name_instance(void)
{
	DM_AUTO_BUF struct dm_buf path = {0}, text = {0};
	struct dm_str name;

	dm_buf_addf(
	    &path, "%s/sys/kernel/hostname", o.collector.collect.procfs);
	if (dm_file_read(
		dm_buf_cstr(&path), sizeof(o.hostname) - 1, &text, NULL) < 0 &&
	    gethostname(o.hostname, sizeof(o.hostname) - 1) == 0)
		dm_buf_add_cstr(&text, o.hostname);
	name = dm_str_trim(dm_buf_str(&text));
	snprintf(o.hostname, sizeof(o.hostname), "%.*s", (int)name.n, name.p);
	o.collector.collect.instance = *o.hostname ? o.hostname : "localhost";
}

static void warn(void *ctx, const char *source, const struct dm_err *err)
{
	char text[DM_ERR_MSG_BYTES + DM_ERR_FILE_BYTES + 32];

	(void)ctx;
	dm_say("%s: %s", source, dm_err_text(err, text, sizeof(text)));
}

static int write_out(void *ctx, struct dm_str text, struct dm_err *err)
{
	(void)ctx;
	if (dm_file_write_all(STDOUT_FILENO, text.p, text.n, err) < 0)
		return dm_err_wrap(err, "standard output");
	return 0;
}

static void audit(void *ctx, const struct dm_posture_report *report)
{
	(void)ctx;
	dm_audit_print(&o.audited, report);
}

/* --list: what a source needs is there if a sweep succeeds; --audit is
 * printed otherwise. */
static int write_nothing(void *ctx, struct dm_str text, struct dm_err *err)
{
	(void)ctx, (void)text, (void)err;
	return 0;
}

static int list_one(const struct dm_source *s, struct dm_err *err)
{
	struct dm_collector_options one = o.collector;
	struct dm_collector *c;
	const char *there = "there";
	int status;

	one.sources = &s->name;
	one.n_sources = 1;
	one.write = write_nothing;
	one.audit = NULL;
	if (dm_collector_new(&one, &c, err) < 0)
		return -1;
	status = dm_collector_sweep(c, dm_time_now_us(), 0, err);
	if (!dm_collector_succeeded(c))
		there = "missing";
	else if (s->needs_capabilities && !o.privileged)
		there = "in part";
	if (status == 0)
		printf("%-8s %s; needs %s: %s\n", s->name, s->help, s->needs,
		    there);
	dm_collector_free(c);
	return status;
}

static int list(struct dm_err *err)
{
	for (size_t i = 0; dm_sources[i]; i++) {
		if (list_one(dm_sources[i], err) < 0)
			return -1;
	}
	return 0;
}

static void say_late(uint64_t missed)
{
	struct dm_err err;

	dm_err_set(&err, DM_ELIMIT,
	    "a sweep came late and %llu were left out; "
	    "dmon_sweeps_missed_total counts on",
	    (unsigned long long)missed);
	warn(NULL, "sweep", &err);
}

static int run(struct dm_collector *c, struct dm_err *err)
{
	struct dm_tick tick = {.interval_us = o.interval_us};

	if (o.count == 1)
		return dm_collector_sweep(c, dm_time_now_us(), 0, err);
	for (uint64_t n = 0; !o.count || n < o.count; n++) {
		bool first = tick.missed == 0;

		if (dm_collector_wait(c, &tick, err) < 0)
			return -1;
		if (dm_signals_stop())
			return 0;
		if (first && tick.missed)
			say_late(tick.missed);
		if (dm_collector_sweep(c, tick.ts_us, tick.missed, err) < 0)
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct dm_collector *c = NULL;
	struct dm_err err = {0};
	int status;

	dm_program_start(&program);
	take_options(argc, argv);
	if (!o.collector.collect.instance)
		name_instance();
	o.collector.warn = warn;
	o.collector.write = o.audit ? write_nothing : write_out;
	o.collector.audit = o.audit ? audit : NULL;
	dm_privileges_priority();
	if (dm_privileges_descriptors(&err) < 0 ||
	    dm_privileges_drop(&o.privileged, &err) < 0 ||
	    load_patterns(&err) < 0)
		return dm_fail(&err);
	if (!o.privileged)
		dm_say("without CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH the "
		       "processes of others are seen in part only");
	if (dm_collector_new(&o.collector, &c, &err) < 0) {
		if (err.code == DM_EINVAL)
			dm_usage("%s", err.msg);
		return dm_fail(&err);
	}
	status = o.list ? list(&err) : run(c, &err);
	if (o.audit && status == 0)
		dm_audit_end(&o.audited);
	dm_collector_free(c);
	dm_log_patterns_release(&o.patterns);
	return status < 0 ? dm_fail(&err) : dm_finish(DM_EXIT_OK);
}
