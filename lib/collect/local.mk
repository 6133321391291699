libdmon_a_SOURCES +=
