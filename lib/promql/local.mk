libdmon_a_SOURCES += \
	lib/promql/aggregate.c \
	lib/promql/binary.c \
	lib/promql/clause.c \
	lib/promql/count-values.c \
	lib/promql/date.c \
	lib/promql/eval.c \
	lib/promql/expr.h \
	lib/promql/extend.c \
	lib/promql/functions.c \
	lib/promql/histogram.c \
	lib/promql/info.c \
	lib/promql/kahan.h \
	lib/promql/lex.c lib/promql/lex.h \
	lib/promql/limit.c \
	lib/promql/math.c \
	lib/promql/modifier.c \
	lib/promql/over-time.c \
	lib/promql/parse.c lib/promql/parse.h \
	lib/promql/promql.h \
	lib/promql/quantile.h \
	lib/promql/range.c \
	lib/promql/reach.c \
	lib/promql/relabel.c \
	lib/promql/scratch.c \
	lib/promql/sort.c \
	lib/promql/subquery.c \
	lib/promql/value.c
