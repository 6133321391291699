libdmon_a_SOURCES += \
	lib/forecast/arima.c lib/forecast/arima.h \
	lib/forecast/check.c lib/forecast/check.h \
	lib/forecast/filter.c lib/forecast/filter.h \
	lib/forecast/fit.c lib/forecast/fit.h \
	lib/forecast/likelihood.c lib/forecast/likelihood.h \
	lib/forecast/select.c lib/forecast/select.h \
	lib/forecast/start.c lib/forecast/start.h
