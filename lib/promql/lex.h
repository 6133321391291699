/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_PROMQL_LEX_H
#define DM_PROMQL_LEX_H

#include "base/buf.h"

enum dm_token_type {
	DM_TOKEN_END,
	DM_TOKEN_ERROR, /* text says what is wrong */
	DM_TOKEN_NAME,	/* an identifier or keyword, colons included */
	DM_TOKEN_NUMBER,
	DM_TOKEN_DURATION,
	DM_TOKEN_STRING,
	DM_TOKEN_LPAREN,
	DM_TOKEN_RPAREN,
	DM_TOKEN_LBRACE,
	DM_TOKEN_RBRACE,
	DM_TOKEN_LBRACKET,
	DM_TOKEN_RBRACKET,
	DM_TOKEN_COMMA,
	DM_TOKEN_COLON,
	DM_TOKEN_AT,
	DM_TOKEN_ASSIGN,    /* = */
	DM_TOKEN_RE_MATCH,  /* =~ */
	DM_TOKEN_RE_DIFFER, /* !~ */
	/* binary operators */
	DM_TOKEN_ADD,
	DM_TOKEN_SUB,
	DM_TOKEN_MUL,
	DM_TOKEN_DIV,
	DM_TOKEN_MOD,
	DM_TOKEN_POW,
	DM_TOKEN_ATAN2,
	DM_TOKEN_EQ,
	DM_TOKEN_NE, /* also the matcher != */
	DM_TOKEN_LT,
	DM_TOKEN_LE,
	DM_TOKEN_GT,
	DM_TOKEN_GE,
	DM_TOKEN_AND,
	DM_TOKEN_OR,
	DM_TOKEN_UNLESS,
	/* aggregations */
	DM_TOKEN_SUM,
	DM_TOKEN_AVG,
	DM_TOKEN_MIN,
	DM_TOKEN_MAX,
	DM_TOKEN_COUNT,
	DM_TOKEN_GROUP,
	DM_TOKEN_STDDEV,
	DM_TOKEN_STDVAR,
	/* of two arguments */
	DM_TOKEN_TOPK,
	DM_TOKEN_BOTTOMK,
	DM_TOKEN_QUANTILE,
	DM_TOKEN_COUNT_VALUES,
	DM_TOKEN_LIMITK,
	DM_TOKEN_LIMIT_RATIO,
};

struct dm_token {
	enum dm_token_type type;
	unsigned at;	    /* offset in the text */
	struct dm_str text; /* as it stands */
	double number;	    /* of a number */
	int64_t us;	    /* of a duration */
};

/**
 * The token at an offset, blanks and comments before it skipped.
 * @string  gets what a string literal stands for
 */
struct dm_token dm_lex(struct dm_str text, size_t at, struct dm_buf *string);

/** A name, also one that is a number elsewhere: inf, nan. */
bool dm_token_is_name(const struct dm_token *token);

/** The operator or aggregation that a name is, any case; or NAME. */
enum dm_token_type dm_lex_operator(struct dm_str name);
enum dm_token_type dm_lex_aggregation(struct dm_str name);

/** How an operator or aggregation is written. */
const char *dm_token_name(enum dm_token_type type);

#endif
