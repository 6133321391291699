/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <unistd.h>

#include "base/file.h"
#include "clean/clean.h"
#include "cmd/common.h"

static const struct dm_program program = {
    .name = "dmon-clean",
    .usage = "usage: dmon-clean [-h] [--drop file|selector] "
	     "[--glitches flag|remove|off]\n"
	     "                  [--keep file|selector] [--lag sweeps]\n"
	     "                  [--missing left|last|linear] [--only] "
	     "[--rejects file]\n"
	     "                  [--select file|selector] [--strict] "
	     "[--version] [file ...]\n"
	     "       dmon-clean --report [--drop file|selector] "
	     "[--keep file|selector]\n"
	     "                  [--propose file] [--rejects file] "
	     "[--select file|selector]\n"
	     "                  [--strict] [file ...]\n",
};

enum {
	OPT_DROP = DM_OPT_OWN,
	OPT_GLITCHES,
	OPT_KEEP,
	OPT_LAG,
	OPT_MISSING,
	OPT_PROPOSE,
	OPT_REPORT,
	OPT_SELECT,
};

struct arguments {
	struct dm_stream_options stream;
	struct dm_clean_options clean;
	const char *proposed; /* a file to write; or NULL */
};

/* A file of selectors is more than anybody writes. */
#define CHOICE_MAX_BYTES (1u << 20)

/* A text with a brace is a selector, others are files of them. */
static void take_choice(const char *option, struct dm_choice *choice)
{
	DM_AUTO_BUF struct dm_buf text = {0};
	struct dm_err err = {0};

	if (strchr(optarg, '{')) {
		if (dm_choice_add(choice, dm_str(optarg), &err) < 0)
			dm_usage("%s: '%s': %s", option, optarg, err.msg);
		return;
	}
	if (dm_file_read(optarg, CHOICE_MAX_BYTES, &text, &err) < 0 ||
	    dm_choice_add_lines(choice, dm_buf_str(&text), &err) < 0) {
		dm_err_file(&err, optarg);
		dm_say_err(&err);
		exit(err.code == DM_ENOMEM ? DM_EXIT_SYSTEM : DM_EXIT_USAGE);
	}
}

/* One of the names, by its number. */
static unsigned one_of(
    const char *option, const char *const names[3], const char *text)
{
	for (unsigned i = 0; i < 3; i++) {
		if (strcmp(text, names[i]) == 0)
			return i;
	}
	dm_usage("%s: not %s, %s or %s: %s", option, names[0], names[1],
	    names[2], text);
}

static void take_option(struct arguments *a, int option)
{
	static const char *const glitches[] = {
	    [DM_GLITCHES_FLAG] = "flag",
	    [DM_GLITCHES_OFF] = "off",
	    [DM_GLITCHES_REMOVE] = "remove",
	};
	static const char *const missing[] = {
	    [DM_MISSING_LEFT] = "left",
	    [DM_MISSING_LAST] = "last",
	    [DM_MISSING_LINEAR] = "linear",
	};

	switch (option) {
	case OPT_DROP:
		take_choice("--drop", &a->clean.choices.drop);
		break;
	case OPT_KEEP:
		take_choice("--keep", &a->clean.choices.keep);
		break;
	case OPT_PROPOSE:
		a->proposed = optarg;
		break;
	case OPT_REPORT:
		a->clean.report = true;
		break;
	case OPT_SELECT:
		take_choice("--select", &a->clean.choices.select);
		break;
	case OPT_GLITCHES:
		a->clean.glitches = one_of("--glitches", glitches, optarg);
		break;
	case OPT_LAG:
		a->clean.lag =
		    (unsigned)dm_arg_u64("--lag", optarg, 1, DM_CLEAN_LAG_MAX);
		break;
	case OPT_MISSING:
		a->clean.missing = one_of("--missing", missing, optarg);
		break;
	}
}

static void take_options(struct arguments *a, int argc, char **argv)
{
	static const struct option options[] = {
	    DM_FILTER_LONG_OPTIONS,
	    {"drop", required_argument, NULL, OPT_DROP},
	    {"glitches", required_argument, NULL, OPT_GLITCHES},
	    {"keep", required_argument, NULL, OPT_KEEP},
	    {"lag", required_argument, NULL, OPT_LAG},
	    {"missing", required_argument, NULL, OPT_MISSING},
	    {"propose", required_argument, NULL, OPT_PROPOSE},
	    {"report", no_argument, NULL, OPT_REPORT},
	    {"select", required_argument, NULL, OPT_SELECT},
	    {0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
		if (!dm_common_option(option, &a->stream))
			take_option(a, option);
	if (a->proposed && !a->clean.report)
		dm_usage("--propose goes with --report");
	dm_stream_arguments(&a->stream, argc, argv);
	/* It writes what it passes on itself, as it changes it. */
	a->clean.only = a->stream.only;
	a->stream.only = true;
}

static int propose(const char *path, struct dm_clean *clean)
{
	DM_AUTO_BUF struct dm_buf text = {0};
	struct dm_err err;

	if (dm_clean_propose(clean, &text, &err) < 0 ||
	    dm_file_replace(path, dm_buf_str(&text), &err) < 0)
		return dm_fail(&err);
	return DM_EXIT_OK;
}

int main(int argc, char **argv)
{
	struct arguments a = {
	    .stream.out_fd = STDOUT_FILENO,
	    .clean.lag = 5,
	};
	struct dm_clean *clean;
	struct dm_err err;
	int status;

	dm_program_start(&program);
	take_options(&a, argc, argv);
	if (dm_clean_new(&a.clean, &clean, &err) < 0)
		return dm_fail(&err);
	status = dm_filter_main(&a.stream, &(struct dm_filter){
					       .ctx = clean,
					       .start = dm_clean_start,
					       .record = dm_clean_record,
					       .end = dm_clean_end,
					       .forget = dm_clean_forget,
					   });
	if (a.proposed && status != DM_EXIT_SYSTEM &&
	    propose(a.proposed, clean) != DM_EXIT_OK)
		status = DM_EXIT_SYSTEM;
	dm_clean_free(clean);
	dm_choices_release(&a.clean.choices);
	return status;
}
