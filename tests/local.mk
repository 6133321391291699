# Unit tests (cmocka, TAP) and tests of the programs (sh, TAP), run by prove.
UNIT_TESTS =
TEST_LDADD = libdmon.a $(CMOCKA_LIBS)
include tests/unit/local.mk
include tests/fuzz/local.mk
if HAVE_CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
endif
EXTRA_DIST += tests/run.sh
