libdmon_a_SOURCES += \
	lib/rules/alert.c lib/rules/alert.h \
	lib/rules/clock.c \
	lib/rules/duplicates.c \
	lib/rules/engine.c lib/rules/engine.h lib/rules/engine-parts.h \
	lib/rules/evaluate.c \
	lib/rules/expand.c \
	lib/rules/file.c lib/rules/rule.h \
	lib/rules/format.c \
	lib/rules/function.c lib/rules/function-data.c \
	lib/rules/function-number.c lib/rules/function-text.c \
	lib/rules/go-print.c lib/rules/go-print.h \
	lib/rules/notation.c lib/rules/notation.h \
	lib/rules/label-list.c lib/rules/label-list.h \
	lib/rules/pipeline.c \
	lib/rules/place.c \
	lib/rules/reading.c lib/rules/reading.h \
	lib/rules/report.c \
	lib/rules/set.c \
	lib/rules/severity.c \
	lib/rules/silence.c \
	lib/rules/state.c \
	lib/rules/template.c lib/rules/template.h lib/rules/template-ast.h \
	lib/rules/template-query.c lib/rules/template-reader.h \
	lib/rules/template-time.c lib/rules/template-time.h \
	lib/rules/template-value.c \
	lib/rules/test-check.c \
	lib/rules/test-file.c lib/rules/test-file.h \
	lib/rules/test-report.c lib/rules/test-report.h \
	lib/rules/test-run.c lib/rules/test-run.h lib/rules/test.h \
	lib/rules/tracked.c lib/rules/tracked.h \
	lib/rules/yaml.c lib/rules/yaml.h
