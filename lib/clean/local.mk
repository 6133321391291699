libdmon_a_SOURCES += \
	lib/clean/choice.c lib/clean/choice.h \
	lib/clean/clean.c lib/clean/clean.h \
	lib/clean/cut.c \
	lib/clean/edit.c lib/clean/edit.h \
	lib/clean/held.c lib/clean/held.h \
	lib/clean/impl.h \
	lib/clean/judge.c lib/clean/judge.h \
	lib/clean/range.c lib/clean/range.h \
	lib/clean/report.c lib/clean/report.h \
	lib/clean/track.c lib/clean/track.h \
	lib/clean/value.c
