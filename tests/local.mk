# Unit tests (cmocka, TAP), fuzz targets replaying their corpus, and tests of
# the programs (sh, TAP); tests/run.sh runs them all.
UNIT_TESTS =
FUZZ_TARGETS =
LDADD_TEST = libdmon.a $(CMOCKA_LIBS)
CFLAGS_TEST = $(DM_CFLAGS) $(CMOCKA_CFLAGS)

if FUZZ
FUZZ_MAIN =
LDFLAGS_FUZZ = $(DM_LDFLAGS) -fsanitize=fuzzer
else
FUZZ_MAIN = tests/fuzz/replay.c
LDFLAGS_FUZZ = $(DM_LDFLAGS)
endif

include tests/unit/local.mk
include tests/fuzz/local.mk

check_PROGRAMS += $(FUZZ_TARGETS)
if HAVE_CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
endif

# Of the source folder, where each recipe has gone by then.
PROGRAM_TESTS = $$(ls tests/cmd/*.t tests/scenarios/*.t)

check-local: all $(check_PROGRAMS)
	cd $(srcdir) && DM_BUILD=$(abs_builddir) sh tests/prove.sh \
		$(UNIT_TESTS:%=$(abs_builddir)/%) $(PROGRAM_TESTS)

# What the ordinary run has in a short form, whole.
check-long: all $(check_PROGRAMS)
	cd $(srcdir) && DM_LONG=1 DM_BUILD=$(abs_builddir) sh tests/prove.sh \
		$(UNIT_TESTS:%=$(abs_builddir)/%) $(PROGRAM_TESTS)

check-crash: all $(check_PROGRAMS)
	cd $(srcdir) && DM_LONG=1 DM_BUILD=$(abs_builddir) sh tests/prove.sh \
		tests/cmd/*crash*.t

check-asan:
	$(MKDIR_P) build-asan && cd build-asan && \
	$(abs_srcdir)/configure -q --enable-werror --enable-asan \
		--enable-ubsan CFLAGS='-O1 -g' && $(MAKE) check

check-valgrind: all $(check_PROGRAMS)
	for t in $(UNIT_TESTS); do \
		valgrind -q --error-exitcode=9 --leak-check=full \
			./$$t >/dev/null || exit 1; \
	done

check-man: all
	cd $(srcdir) && DM_BUILD=$(abs_builddir) \
		sh tests/prove.sh tests/cmd/man*.t

check-rules:
	cd $(srcdir) && DM_BUILD=$(abs_builddir) \
		sh tests/prove.sh tests/cmd/rules-*.t

# What is expected of the programs, and what README and pages show of them.
golden-update: all
	cd $(srcdir) && for t in golden examples-shown; do \
		DM_BUILD=$(abs_builddir) DM_GOLDEN_UPDATE=1 \
			sh tests/cmd/$$t.t || exit 1; \
	done

format:
	cd $(srcdir) && $(CLANG_FORMAT) -i \
		cmd/*.[ch] lib/*/*.[ch] tests/*/*.[ch] bench/*.c

lint: check-man
	cd $(srcdir) && $(CLANG_FORMAT) --dry-run --Werror \
		cmd/*.[ch] lib/*/*.[ch] tests/*/*.[ch] bench/*.c

# Ten minutes of each fuzz target: in a folder configured with
# CC=clang --enable-fuzz --enable-asan --enable-ubsan
FUZZ_SECONDS = 600
fuzz: $(FUZZ_TARGETS)
	for t in $(FUZZ_TARGETS); do \
		name=$${t##*/fuzz-}; \
		./$$t -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
			-print_final_stats=1 \
			$(srcdir)/tests/fuzz/corpus/$$name || exit 1; \
	done

.PHONY: check-long check-crash check-asan check-valgrind check-man \
	check-rules golden-update format lint fuzz bench

EXTRA_DIST += tests/run.sh tests/prove.sh tests/cmd/lib.sh
dist-hook:
	tar -C $(srcdir) -cf - tests/cmd tests/scenarios tests/golden \
		tests/fixtures tests/fuzz/corpus tests/tag \
		models | tar -C $(distdir) -xf -

check-programs: $(check_PROGRAMS)
.PHONY: check-programs

# Actors of tests/cmd.
check_PROGRAMS += tests/cmd/proc-actor
tests_cmd_proc_actor_SOURCES = tests/cmd/proc-actor.c
tests_cmd_proc_actor_CFLAGS = $(DM_CFLAGS) -pthread
tests_cmd_proc_actor_LDFLAGS = $(DM_LDFLAGS) -pthread

# It runs in containers of busybox: static, and so without sanitizers.
check_PROGRAMS += tests/scenarios/actor
tests_scenarios_actor_SOURCES = tests/scenarios/actor.c
tests_scenarios_actor_CFLAGS = -std=gnu11 -Wall -Wextra -pthread
tests_scenarios_actor_LDFLAGS = -static -pthread

check_PROGRAMS += tests/fake-engine
tests_fake_engine_SOURCES = tests/fake-engine.c tests/engine.c tests/engine.h
tests_fake_engine_LDADD = libdmon.a
EXTRA_DIST += tests/dockerd.sh
