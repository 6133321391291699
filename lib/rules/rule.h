/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RULES_RULE_H
#define DM_RULES_RULE_H

#include "promql/promql.h"
#include "rules/template.h"

/** A label or an annotation of a rule. */
struct dm_rule_text {
	struct dm_str name;
	struct dm_template *template;
};

/** The texts of a rule, in order of their names. */
struct dm_rule_texts {
	struct dm_rule_text *items;
	size_t n, cap;
};

struct dm_rule {
	struct dm_rule_group *group;
	bool is_alert;
	char *name; /* alertname, or the metric that is recorded */
	struct dm_expr *expr;
	int64_t for_us;
	int64_t keep_firing_us;
	struct dm_rule_texts labels; /* the group's among them */
	struct dm_rule_texts annotations;
	unsigned line;
	/* Who it is when rules are read again: file, group, name, labels and
	 * which of those that are equal. */
	char *key;
	unsigned nth; /* of those that are equal */
	/* The engine's: */
	struct dm_tracking *memory;   /* alerts, or series recorded */
	const struct dm_name *metric; /* that is recorded */
	bool failed;		      /* the last evaluation */
	/* Annotations are expanded at each evaluation, as they look at samples
	 * or at the time. */
	bool keeps_annotations;
};

struct dm_rule_group {
	char *file;
	char *name;
	int64_t interval_us; /* 0: the default */
	int64_t query_offset_us;
	uint64_t limit; /* 0: none */
	struct dm_rule *rules;
	size_t n_rules;
	char *key;
	/* The engine's: */
	int64_t last_slot;
	uint64_t evaluations, failures;
	/* What has been said of them, and in which minute. */
	uint64_t said_failures;
	int64_t said_minute;
	struct dm_labels *labels; /* rule_group */
};

/** Everything that was read from files and folders. */
struct dm_rule_set {
	struct dm_rule_group **groups;
	size_t n, cap;
	size_t n_files; /* that were read: a folder may have none */
};

typedef void (*dm_rule_error_fn)(void *ctx, const struct dm_err *err);

/**
 * Call back for each rule file that a path stands for, in order.
 * @path   a file, or a folder: its *.yml and *.yaml and those of the folders
 *         in it, but not those of unit tests, *.test.yml and *_test.yml, and
 *         nothing whose name begins with a dot. Links are followed; each
 *         folder is entered once.
 * @file   -1 with err ends the walk
 */
int dm_rule_files(const char *path,
    int (*file)(void *ctx, const char *path, struct dm_err *err), void *ctx,
    struct dm_err *err) DM_MUST_CHECK;

/**
 * Read rule files as Prometheus has them, add their groups to a set.
 * @path   as of dm_rule_files
 * @error  is told each error with its place; may be NULL
 * Returns 0, or -1 with the first error; the set is then of no use but for
 * dm_rule_set_release.
 */
int dm_rule_set_read(struct dm_rule_set *set, const char *path,
    dm_rule_error_fn error, void *ctx, struct dm_err *err) DM_MUST_CHECK;

/** Read one text as a rule file. */
int dm_rule_set_parse(struct dm_rule_set *set, const char *file,
    struct dm_str text, dm_rule_error_fn error, void *ctx,
    struct dm_err *err) DM_MUST_CHECK;

void dm_rule_set_release(struct dm_rule_set *set);
#define DM_AUTO_RULE_SET DM_CLEANUP(dm_rule_set_release)

size_t dm_rule_set_count(const struct dm_rule_set *set);

/**
 * Rules that have the name and the labels of one before them, which promtool
 * warns of.
 * @tell  gets each with its place
 * Returns 0, or -1 with DM_ENOMEM.
 */
int dm_rule_set_duplicates(const struct dm_rule_set *set, dm_rule_error_fn tell,
    void *ctx, struct dm_err *err) DM_MUST_CHECK;

enum dm_severity {
	DM_SEVERITY_NONE, /* no label severity, or another value */
	DM_SEVERITY_INFO,
	DM_SEVERITY_WARNING,
	DM_SEVERITY_CRITICAL,
};

/** DM_SEVERITY_NONE for a name that is none. */
enum dm_severity dm_severity_of(struct dm_str name);

/**
 * Alerts whose label severity is a text as it stands, and another one.
 * @tell  gets each with its place
 */
void dm_rule_set_severities(
    const struct dm_rule_set *set, dm_rule_error_fn tell, void *ctx);

/**
 * What tells that files have changed: names, sizes, times and inodes of all
 * that dm_rule_set_read would read. A file that is gone counts as well.
 */
uint64_t dm_rule_stamp(const char *const *paths, size_t n);

#endif
