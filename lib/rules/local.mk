libdmon_a_SOURCES += \
	lib/rules/alert.c lib/rules/alert.h \
	lib/rules/engine.c lib/rules/engine.h lib/rules/engine-parts.h \
	lib/rules/evaluate.c \
	lib/rules/expand.c \
	lib/rules/file.c lib/rules/rule.h \
	lib/rules/format.c \
	lib/rules/function.c \
	lib/rules/pipeline.c \
	lib/rules/place.c \
	lib/rules/report.c \
	lib/rules/regex-replace.c lib/rules/regex-replace.h \
	lib/rules/set.c \
	lib/rules/state.c \
	lib/rules/template.c lib/rules/template.h lib/rules/template-ast.h \
	lib/rules/template-reader.h \
	lib/rules/tracked.c lib/rules/tracked.h \
	lib/rules/yaml.c lib/rules/yaml.h
