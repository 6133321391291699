libdmon_a_SOURCES += \
	lib/record/json.c \
	lib/record/known.c lib/record/known.h \
	lib/record/lex.c lib/record/lex.h \
	lib/record/record.c lib/record/record.h \
	lib/record/scan.c lib/record/scan.h \
	lib/record/stream.c lib/record/stream.h \
	lib/record/write.c lib/record/write.h
