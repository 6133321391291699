libdmon_a_SOURCES += \
	lib/base/arena.c lib/base/arena.h \
	lib/base/array.c lib/base/array.h \
	lib/base/buf.c lib/base/buf.h \
	lib/base/err.c lib/base/err.h \
	lib/base/file.c lib/base/file.h \
	lib/base/map.c lib/base/map.h \
	lib/base/mem.h \
	lib/base/num.c lib/base/num.h \
	lib/base/sha256.c lib/base/sha256.h \
	lib/base/shortest.c lib/base/shortest.h \
	lib/base/signals.c lib/base/signals.h \
	lib/base/str.c lib/base/str.h \
	lib/base/time.c lib/base/time.h \
	lib/base/utf8.c lib/base/utf8.h
