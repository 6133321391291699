libdmon_a_SOURCES += \
	lib/collect/collect.c lib/collect/collect.h \
	lib/collect/discover.c lib/collect/discover.h \
	lib/collect/emit.c lib/collect/emit.h \
	lib/collect/hierarchy.c lib/collect/hierarchy.h \
	lib/collect/part.c \
	lib/collect/place.c lib/collect/place.h \
	lib/collect/privileges.c lib/collect/privileges.h \
	lib/collect/runtime.c lib/collect/runtime.h \
	lib/collect/source.h \
	lib/collect/table.c \
	lib/collect/tick.c lib/collect/tick.h \
	lib/collect/tree.c lib/collect/tree.h
