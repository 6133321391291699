libdmon_a_SOURCES += \
	lib/promql/promql.h
