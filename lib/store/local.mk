libdmon_a_SOURCES += \
	lib/store/batch.c \
	lib/store/catalog.c \
	lib/store/db.c lib/store/db.h \
	lib/store/expire.c \
	lib/store/extract.c lib/store/extract.h \
	lib/store/fill.c \
	lib/store/load.c lib/store/load.h \
	lib/store/pace.c lib/store/pace.h \
	lib/store/pairs.c lib/store/pairs.h \
	lib/store/plan.c lib/store/plan.h \
	lib/store/reader.c \
	lib/store/rows.c \
	lib/store/schema.c \
	lib/store/select.c lib/store/select.h \
	lib/store/spans.c lib/store/spans.h \
	lib/store/store.h \
	lib/store/team.c lib/store/team.h \
	lib/store/writer.c lib/store/writer.h
