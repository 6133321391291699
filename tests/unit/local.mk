# Each: UNIT_TESTS += tests/unit/test-X, and its _SOURCES, _LDADD, _CFLAGS.
