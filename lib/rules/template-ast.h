/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RULES_TEMPLATE_AST_H
#define DM_RULES_TEMPLATE_AST_H

#include "rules/template.h"

/* What template.c and pipeline.c read, template-query.c binds and expand.c
 * runs. */

enum tv_type {
	TV_NIL,
	TV_STRING,
	TV_FLOAT,
	TV_INT,
	TV_BOOL,
	TV_LABELS,   /* of an element: labels, name */
	TV_EXTERNAL, /* the external labels */
	TV_MAP,	     /* what args makes */
	TV_ROOT,     /* the element itself */
	TV_SAMPLE,   /* of a query: labels, name, f */
	TV_LIST,     /* of samples */
	TV_TIME,     /* i: microseconds since 1970 */
	TV_DURATION, /* i: nanoseconds */
	TV_UNKNOWN,  /* of a dry run: it depends on the element */
};

/** A value while a template is expanded. */
struct tv {
	enum tv_type type;
	struct dm_str s;
	double f;
	int64_t i;
	bool b;
	const struct dm_labels *labels;
	const struct dm_name *name; /* or NULL */
	const struct tv *items;	    /* of a list or map: arg0, arg1, … */
	size_t n;
};

struct expand;

/** How many arguments a call can have at all. */
#define TFUNC_ARGS_MAX 16

/** A function. */
struct tfunc {
	const char *name;
	unsigned min, max; /* arguments */
	/* NULL for what expand.c runs itself: and, or (lazy), query. */
	int (*call)(
	    struct expand *x, const struct tv *args, size_t n, struct tv *ret);
	bool fleeting; /* what it gives depends on the time */
	bool outside;  /* or on what is known only when rules run */
};

/** The function of a name, or NULL. */
const struct tfunc *dm_template_func(struct dm_str name);
/** The functions, a table a file; each ends with a name that is NULL. */
extern const struct tfunc dm_tfuncs_core[];
extern const struct tfunc dm_tfuncs_data[];
extern const struct tfunc dm_tfuncs_number[];
extern const struct tfunc dm_tfuncs_text[];

enum texpr_kind {
	TE_CONST,
	TE_DOT,
	TE_VAR,
	TE_FIELD, /* of args[0], by name; others are a method's */
	TE_CALL,
	TE_AND,
	TE_OR,
	TE_QUERY,
};

/** A variable: what it is declared as, for a dry run. */
struct tvar {
	struct dm_str name;
	unsigned slot;
	const struct texpr *is; /* NULL: it depends on the element */
	bool changes;		/* it is set again */
};

struct texpr {
	enum texpr_kind kind;
	struct tv value;	  /* TE_CONST */
	const struct tvar *var;	  /* TE_VAR */
	const struct texpr *dot;  /* TE_DOT: what with has set it to, or NULL */
	struct dm_str name;	  /* TE_FIELD */
	const struct tfunc *func; /* TE_CALL, TE_AND, TE_OR, TE_QUERY */
	struct tquery *query;	  /* TE_QUERY */
	struct texpr **args;
	size_t n_args, cap_args;
};

enum tstmt_kind {
	TS_TEXT,
	TS_OUTPUT,
	TS_SET,
	TS_IF,
	TS_WITH,
	TS_RANGE,
	TS_TEMPLATE,
	TS_BREAK,
	TS_CONTINUE,
};

struct tstmt {
	enum tstmt_kind kind;
	struct dm_str text;	  /* TS_TEXT; the name of TS_TEMPLATE */
	size_t at;		  /* TS_TEMPLATE: where the name stands */
	struct texpr *expr;	  /* or NULL */
	const struct tvar *var;	  /* that expr goes into; or NULL */
	const struct tvar *index; /* TS_RANGE: of the index or key; or NULL */
	struct tdef *def;	  /* TS_TEMPLATE */
	struct tstmt *then_do, *else_do;
	struct tstmt *next;
};

/** A template that has a name: {{ define "name" }}; the main one has none. */
struct tdef {
	struct dm_str name;
	struct tstmt *first;
	struct tdef *next;
};

/** The argument of one call of query. */
struct tquery {
	size_t at; /* where it stands in the text */
	const struct texpr *call;
	/* Where it is the same whatever the element is: */
	struct dm_expr *expr;
	/* Where it is not: what all that it can be looks at. */
	struct dm_selector *selectors;
	void **handles;
	size_t n_selectors;
	struct dm_querier querier;
	int64_t step_us; /* as of dm_template_bind */
	bool bound;
	struct tquery *next;
};

/* $, $labels, $externalLabels, $externalURL, $value come first. */
enum {
	TVAR_ROOT,
	TVAR_LABELS,
	TVAR_EXT_LABELS,
	TVAR_EXT_URL,
	TVAR_VALUE,
	TVAR_OWN
};
#define TVARS_MAX 64

struct tmem {
	struct tmem *next;
	char data[];
};

struct dm_template {
	struct dm_str text;
	struct tdef main;
	struct tdef *defs;
	struct tquery *queries;
	bool uses_value, is_fleeting;
	struct tmem *mem;
};

/** Memory that goes with *list; zeroed. NULL without memory. */
void *dm_tmem_alloc(struct tmem **list, size_t n);
void dm_tmem_free(struct tmem *list);

/** While a template is expanded: what functions may use. */
struct expand {
	const struct dm_template_data *data;
	const struct dm_template_env *env;
	struct tv *vars; /* TVARS_MAX, of the named template that runs */
	struct tv dot;
	unsigned depth;
	unsigned effort; /* that is left */
	unsigned queries;
	/* A dry run: which of the two numbers and texts stands for what is
	 * not known; 0: it is none. */
	unsigned dry;
	struct dm_labels **held; /* of samples */
	size_t n_held, cap_held;
	struct tmem *mem;
	struct dm_err *err;
};

/** Fail: the message is put into the text. Returns -1. */
int dm_expand_fail(struct expand *x, const char *fmt, ...) DM_PRINTF(2, 3);
/** Some work will be done; fails when it becomes too much. */
int dm_expand_effort(struct expand *x, size_t n) DM_MUST_CHECK;
int dm_expand_eval(struct expand *x, const struct texpr *e, struct tv *ret);
/** A string value of what a buffer holds; releases the buffer. */
int dm_expand_string(struct expand *x, struct dm_buf *b, struct tv *ret);
/** The same of a text that lives as long as the expansion. */
static inline struct tv tv_string(struct dm_str s)
{
	return (struct tv){.type = TV_STRING, .s = s};
}
/** Is it a text, a number? Else fail in the name of a function. */
int dm_expand_text(struct expand *x, const struct tv *v, const char *who);
int dm_expand_number(
    struct expand *x, const struct tv *v, const char *who, double *ret);

/** As Go's fmt prints %v. */
void dm_expand_print(struct expand *x, struct dm_buf *b, const struct tv *v);
bool dm_expand_truth(const struct expand *x, const struct tv *v);
/** How Go names a value's type. */
const char *dm_expand_type(const struct tv *v);
int dm_expand_printf(
    struct expand *x, const struct tv *args, size_t n, struct tv *ret);

/** How many entries a map, items a list or characters a text has; false for
 * other values. */
bool dm_expand_len(const struct expand *x, const struct tv *v, size_t *ret);
/** An entry of a map in order of its keys, an item of a list. */
void dm_expand_item(const struct expand *x, const struct tv *v, size_t i,
    struct tv *ret_key, struct tv *ret_value);
/** The value of a map's key, or what Go gives for one that is missing;
 * false: it is no map. */
bool dm_expand_key(const struct expand *x, const struct tv *v,
    struct dm_str key, struct tv *ret);

/** A method of a value, of the name of a field. */
int dm_expand_method(struct expand *x, const struct tv *v, struct dm_str name,
    const struct tv *args, size_t n, struct tv *ret);
/** Does a time have such a method, with so many arguments? */
bool dm_template_has_method(struct dm_str name, size_t n_args);

/** What a query gives. */
int dm_expand_query(
    struct expand *x, struct tquery *q, struct dm_str text, struct tv *ret);
/** Find out at load what each query of a template looks at. */
int dm_template_resolve(struct dm_template *t, size_t *ret_offset,
    struct dm_err *err) DM_MUST_CHECK;
void dm_tquery_release(struct tquery *q);

#endif
