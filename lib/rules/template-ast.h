/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RULES_TEMPLATE_AST_H
#define DM_RULES_TEMPLATE_AST_H

#include "rules/template.h"

/* What template.c reads and expand.c runs. */

enum tv_type {
	TV_NIL,
	TV_STRING,
	TV_FLOAT,
	TV_INT,
	TV_BOOL,
	TV_LABELS,    /* the element's; s is not used */
	TV_EMPTY_MAP, /* external labels: there are none */
	TV_ROOT,
};

/** A value while a template is expanded. */
struct tv {
	enum tv_type type;
	struct dm_str s;
	double f;
	int64_t i;
	bool b;
};

struct expand;

/** A function: args are evaluated, but for those of and, or (lazy). */
struct tfunc {
	const char *name;
	unsigned min, max; /* arguments; max 0: any number */
	int (*call)(
	    struct expand *x, const struct tv *args, size_t n, struct tv *ret);
};

/** The function of a name, or NULL. */
const struct tfunc *dm_template_func(struct dm_str name);

enum texpr_kind {
	TE_CONST,
	TE_ROOT,
	TE_VAR,
	TE_FIELD, /* of args[0], by name */
	TE_CALL,
	TE_AND,
	TE_OR,
};

struct texpr {
	enum texpr_kind kind;
	struct tv value;	  /* TE_CONST */
	unsigned var;		  /* TE_VAR */
	struct dm_str name;	  /* TE_FIELD */
	const struct tfunc *func; /* TE_CALL */
	struct texpr **args;
	size_t n_args, cap_args;
};

enum tstmt_kind {
	TS_TEXT,
	TS_OUTPUT,
	TS_SET,
	TS_IF,
};

struct tstmt {
	enum tstmt_kind kind;
	struct dm_str text; /* TS_TEXT */
	struct texpr *expr; /* all others */
	bool set;	    /* TS_IF: its condition goes into var, too */
	unsigned var;	    /* TS_SET */
	struct tstmt *then_do, *else_do; /* TS_IF */
	struct tstmt *next;
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
	struct tstmt *first;
	bool uses_value;
	struct tmem *mem;
};

/** Memory that goes with *list; zeroed. NULL without memory. */
void *dm_tmem_alloc(struct tmem **list, size_t n);
void dm_tmem_free(struct tmem *list);

/** While a template is expanded: what functions may use. */
struct expand {
	const struct dm_template_data *data;
	struct tv vars[TVARS_MAX];
	struct tmem *mem;
	struct dm_err *err;
};

/** Fail: the message is put into the text. Returns -1. */
int dm_expand_fail(struct expand *x, const char *fmt, ...) DM_PRINTF(2, 3);
/** A string value of what a buffer holds; releases the buffer. */
int dm_expand_string(struct expand *x, struct dm_buf *b, struct tv *ret);
/** As Go's fmt prints %v. */
void dm_expand_print(struct expand *x, struct dm_buf *b, const struct tv *v);
bool dm_expand_truth(const struct expand *x, const struct tv *v);
/** A label of the element, __name__ too. */
struct dm_str dm_expand_label(const struct expand *x, struct dm_str name);
int dm_expand_printf(
    struct expand *x, const struct tv *args, size_t n, struct tv *ret);
/** How Go names a value's type. */
const char *dm_expand_type(const struct tv *v);

#endif
