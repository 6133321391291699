libdmon_a_SOURCES += \
	lib/series/charset.c \
	lib/series/catalog.h \
	lib/series/index.c lib/series/index.h \
	lib/series/intake.c \
	lib/series/interval.c lib/series/interval.h \
	lib/series/kept.c lib/series/kept.h \
	lib/series/labels.c lib/series/labels.h \
	lib/series/matcher.c lib/series/matcher.h \
	lib/series/regex.c lib/series/regex.h \
	lib/series/series.h \
	lib/series/shelf.c lib/series/shelf.h \
	lib/series/state.c \
	lib/series/sweep.c \
	lib/series/translate.c lib/series/translate.h \
	lib/series/window-impl.h \
	lib/series/window.c lib/series/window.h
