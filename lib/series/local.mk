libdmon_a_SOURCES += \
	lib/series/intake.c \
	lib/series/kept.c lib/series/kept.h \
	lib/series/labels.c lib/series/labels.h \
	lib/series/matcher.c lib/series/matcher.h \
	lib/series/regex.c \
	lib/series/series.h \
	lib/series/shelf.c lib/series/shelf.h \
	lib/series/state.c \
	lib/series/sweep.c \
	lib/series/window-impl.h \
	lib/series/window.c lib/series/window.h
