libdmon_a_SOURCES += \
	lib/series/labels.h \
	lib/series/matcher.h \
	lib/series/series.h \
	lib/series/window.h
