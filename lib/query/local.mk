libdmon_a_SOURCES += \
	lib/query/alerts.c \
	lib/query/axis.c lib/query/axis.h \
	lib/query/cache.c lib/query/cache.h \
	lib/query/canvas.c lib/query/canvas.h \
	lib/query/cell.c lib/query/cell.h \
	lib/query/chart.c lib/query/chart.h \
	lib/query/complete.c lib/query/complete.h \
	lib/query/csv.c \
	lib/query/grid.c lib/query/grid.h \
	lib/query/human.c lib/query/human.h \
	lib/query/index.c lib/query/index.h \
	lib/query/interact.c lib/query/interact.h \
	lib/query/json.c \
	lib/query/look.c lib/query/look.h \
	lib/query/moment.c lib/query/moment.h \
	lib/query/prompt.c lib/query/prompt.h \
	lib/query/query.c lib/query/query.h \
	lib/query/render.h \
	lib/query/result.c lib/query/result.h \
	lib/query/script.c \
	lib/query/shared.c lib/query/shared.h \
	lib/query/sorted.c lib/query/sorted.h \
	lib/query/stream.c lib/query/stream.h \
	lib/query/table.c \
	lib/query/view.c lib/query/view.h
