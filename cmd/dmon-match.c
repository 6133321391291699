/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "cmd/common.h"
#include "cmd/match-rules.h"
#include "rules/engine.h"
#include "rules/label-list.h"

/* A state beyond this is no state of ours. */
#define STATE_MAX_BYTES (UINT64_C(4) << 30)

static const struct dm_program program = {
    .name = "dmon-match",
    .usage =
	"usage: dmon-match [-h] [-r path] [--external-label name=value]\n"
	"                  [--external-url url] [--fail-on severity]\n"
	"                  [--interval duration] [--only] [--rejects file]\n"
	"                  [--silence duration] [--state file] [--strict] "
	"[--version]\n"
	"                  [file ...]\n"
	"       dmon-match --check [-r path] [path ...]\n"
	"       dmon-match --test file ...\n",
};

enum {
	OPT_CHECK = DM_OPT_OWN,
	OPT_EXTERNAL_LABEL,
	OPT_EXTERNAL_URL,
	OPT_FAIL_ON,
	OPT_INTERVAL,
	OPT_SILENCE,
	OPT_STATE,
	OPT_TEST
};

struct arguments {
	struct dm_stream_options stream;
	struct dm_engine_options engine;
	struct dm_label_list external;
	const char **paths;
	const char *state;
	enum dm_severity fail_on;
	bool check, test;
};

static void say(void *ctx, const struct dm_err *err)
{
	(void)ctx;
	dm_say_err(err);
}

static void take_label(struct arguments *a, const char *text)
{
	struct dm_str name, value = dm_str(text);
	struct dm_err err;

	if (!strchr(text, '=') || !dm_str_cut(&value, '=', &name) ||
	    !dm_is_label_name(name))
		dm_usage("--external-label: not NAME=VALUE: %s", text);
	if (dm_label_list_put(&a->external, name, value, &err) < 0)
		exit(dm_fail(&err));
}

static void take_option(struct arguments *a, int option)
{
	switch (option) {
	case 'r':
		a->paths[a->engine.n_paths++] = optarg;
		break;
	case OPT_CHECK:
		a->check = true;
		break;
	case OPT_EXTERNAL_LABEL:
		take_label(a, optarg);
		break;
	case OPT_EXTERNAL_URL:
		a->engine.external_url = optarg;
		break;
	case OPT_FAIL_ON:
		a->fail_on = dm_severity_of(dm_str(optarg));
		if (a->fail_on == DM_SEVERITY_NONE)
			dm_usage("--fail-on: not info, warning or critical: "
				 "%s",
			    optarg);
		break;
	case OPT_INTERVAL:
		a->engine.interval_us = dm_arg_duration("--interval", optarg);
		if (a->engine.interval_us <= 0)
			dm_usage("--interval must be more than 0");
		break;
	case OPT_SILENCE:
		a->engine.silence_us = dm_arg_duration("--silence", optarg);
		break;
	case OPT_STATE:
		a->state = optarg;
		break;
	case OPT_TEST:
		a->test = true;
		break;
	}
}

static void take_options(struct arguments *a, int argc, char **argv)
{
	static const struct option options[] = {
	    DM_FILTER_LONG_OPTIONS,
	    {"check", no_argument, NULL, OPT_CHECK},
	    {"external-label", required_argument, NULL, OPT_EXTERNAL_LABEL},
	    {"external-url", required_argument, NULL, OPT_EXTERNAL_URL},
	    {"fail-on", required_argument, NULL, OPT_FAIL_ON},
	    {"interval", required_argument, NULL, OPT_INTERVAL},
	    {"rules", required_argument, NULL, 'r'},
	    {"silence", required_argument, NULL, OPT_SILENCE},
	    {"state", required_argument, NULL, OPT_STATE},
	    {"test", no_argument, NULL, OPT_TEST},
	    {0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "hr:", options, NULL)) != -1)
		if (!dm_common_option(option, &a->stream))
			take_option(a, option);
	for (; a->check && optind < argc; optind++)
		a->paths[a->engine.n_paths++] = argv[optind];
	if (a->test && (a->check || a->engine.n_paths > 0))
		dm_usage("--test goes without --check and -r");
	if (a->test && optind == argc)
		dm_usage("--test wants files");
	if (a->engine.n_paths == 0)
		a->paths[a->engine.n_paths++] = DM_SYSCONFDIR "/rules";
	a->engine.paths = a->paths;
	a->engine.external = a->external.p;
	a->engine.n_external = a->external.n;
	dm_stream_arguments(&a->stream, argc, argv);
}

/* The rules; wrong ones are wrong usage, each error has been said. */
static struct dm_engine *open_engine(const struct arguments *a)
{
	struct dm_engine *e;
	struct dm_err err = {0};

	if (dm_engine_new(&a->engine, &e, &err) == 0)
		return e;
	exit(err.code == DM_ENOMEM ? DM_EXIT_SYSTEM : DM_EXIT_USAGE);
}

/* Locked until the process ends. A state that is not there is an empty one. */
static int open_state(
    const struct arguments *a, struct dm_engine *e, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf text = {0};
	int fd;

	if (dm_file_lock(a->state, &fd, err) < 0)
		return -1;
	if (dm_file_read(a->state, STATE_MAX_BYTES, &text, err) < 0)
		return err->code == DM_ENODATA ? 0 : -1;
	if (dm_engine_restore(e, dm_buf_str(&text), err) < 0)
		return dm_err_file(err, a->state);
	return 0;
}

static int save_state(
    const struct arguments *a, struct dm_engine *e, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf text = {0};

	if (dm_engine_save(e, &text, err) < 0)
		return -1;
	return dm_file_replace(a->state, dm_buf_str(&text), err);
}

/* The state is replaced only once all output has gone out. */
static int run(const struct arguments *a, struct dm_engine *e)
{
	const struct dm_filter filter = {
	    .ctx = e,
	    .start = dm_engine_start,
	    .record = dm_engine_record,
	    .deadline_ns = dm_engine_deadline_ns,
	    .tick = dm_engine_tick,
	    .hangup = dm_engine_hangup,
	    .end = dm_engine_end,
	    .forget = dm_engine_forget,
	};
	struct dm_stream_result result;
	struct dm_err err = {0};

	if (a->state && open_state(a, e, &err) < 0) {
		dm_say_err(&err);
		return DM_EXIT_SYSTEM;
	}
	if (dm_stream_run(&a->stream, &filter, &result, &err) < 0)
		return dm_fail(&err);
	if (a->state && save_state(a, e, &err) < 0)
		return dm_fail(&err);
	if (a->fail_on != DM_SEVERITY_NONE && dm_engine_fired(e) >= a->fail_on)
		return DM_EXIT_NEGATIVE;
	return result.rejected ? DM_EXIT_BAD_DATA : DM_EXIT_OK;
}

static int match(const struct arguments *a)
{
	struct dm_engine *e = open_engine(a);
	int status = run(a, e);

	dm_engine_free(e);
	return status;
}

int main(int argc, char **argv)
{
	struct arguments a = {
	    .stream.out_fd = STDOUT_FILENO,
	    .engine = {.interval_us = DM_US_PER_S, .say = say},
	};
	int status;

	dm_program_start(&program);
	a.paths = calloc((size_t)argc + 1, sizeof(*a.paths));
	if (!a.paths)
		return DM_EXIT_SYSTEM;
	take_options(&a, argc, argv);
	if (a.check)
		status = dm_match_check(a.paths, a.engine.n_paths);
	else if (a.test)
		status = dm_match_test(a.stream.files, a.stream.n_files);
	else
		status = match(&a);
	dm_label_list_release(&a.external);
	free(a.paths);
	return dm_finish(status);
}
