libdmon_a_SOURCES += \
	lib/tag/config.c lib/tag/config.h \
	lib/tag/decode.c lib/tag/decode.h \
	lib/tag/kernels.c lib/tag/kernels.h lib/tag/kernels-impl.h \
	lib/tag/model.c lib/tag/model.h \
	lib/tag/normal.c lib/tag/normal.h \
	lib/tag/safetensors.c lib/tag/safetensors.h \
	lib/tag/tagger.c lib/tag/tagger.h \
	lib/tag/tokens.c lib/tag/tokens.h \
	lib/tag/vocab.c lib/tag/vocab.h \
	lib/tag/weights.c lib/tag/weights.h
