libdmon_a_SOURCES += \
	lib/record/json.c \
	lib/record/record.c lib/record/record.h \
	lib/record/scan.c lib/record/scan.h \
	lib/record/stream.c lib/record/stream.h \
	lib/record/write.c lib/record/write.h
