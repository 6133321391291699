# Each: a name in UNIT_TESTS, and its _SOURCES, _CFLAGS, _LDADD as here.

UNIT_TESTS += tests/unit/test-base
tests_unit_test_base_SOURCES = tests/unit/test-base.c
tests_unit_test_base_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_base_LDADD = $(LDADD_TEST)

UNIT_TESTS += tests/unit/test-arena
tests_unit_test_arena_SOURCES = tests/unit/test-arena.c
tests_unit_test_arena_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_arena_LDADD = $(LDADD_TEST)

UNIT_TESTS += tests/unit/test-kept
tests_unit_test_kept_SOURCES = tests/unit/test-kept.c
tests_unit_test_kept_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_kept_LDADD = $(LDADD_TEST)

UNIT_TESTS += tests/unit/test-labels
tests_unit_test_labels_SOURCES = tests/unit/test-labels.c
tests_unit_test_labels_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_labels_LDADD = $(LDADD_TEST)

UNIT_TESTS += tests/unit/test-scan
tests_unit_test_scan_SOURCES = tests/unit/test-scan.c \
	tests/unit/record-oracle.c tests/unit/record-oracle.h
tests_unit_test_scan_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_scan_LDADD = $(LDADD_TEST) $(JANSSON_LIBS)

UNIT_TESTS += tests/unit/test-docker-answer
tests_unit_test_docker_answer_SOURCES = tests/unit/test-docker-answer.c
tests_unit_test_docker_answer_CFLAGS = $(CFLAGS_TEST) $(JANSSON_CFLAGS)
tests_unit_test_docker_answer_LDADD = $(LDADD_TEST) $(JANSSON_LIBS)

UNIT_TESTS += tests/unit/test-docker-event
tests_unit_test_docker_event_SOURCES = tests/unit/test-docker-event.c
tests_unit_test_docker_event_CFLAGS = $(CFLAGS_TEST) $(JANSSON_CFLAGS)
tests_unit_test_docker_event_LDADD = $(LDADD_TEST) $(JANSSON_LIBS)

UNIT_TESTS += tests/unit/test-proc-text
tests_unit_test_proc_text_SOURCES = tests/unit/test-proc-text.c
tests_unit_test_proc_text_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_proc_text_LDADD = $(LDADD_TEST)

UNIT_TESTS += tests/unit/test-disks
tests_unit_test_disks_SOURCES = tests/unit/test-disks.c
tests_unit_test_disks_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_disks_LDADD = $(LDADD_TEST)

UNIT_TESTS += tests/unit/test-proc
tests_unit_test_proc_SOURCES = tests/unit/test-proc.c
tests_unit_test_proc_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_proc_LDADD = $(LDADD_TEST)

UNIT_TESTS += tests/unit/test-stream
tests_unit_test_stream_SOURCES = tests/unit/test-stream.c
tests_unit_test_stream_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_stream_LDADD = $(LDADD_TEST)

UNIT_TESTS += tests/unit/test-alert
tests_unit_test_alert_SOURCES = tests/unit/test-alert.c
tests_unit_test_alert_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_alert_LDADD = $(LDADD_TEST) $(PCRE2_LIBS)

UNIT_TESTS += tests/unit/test-template
tests_unit_test_template_SOURCES = tests/unit/test-template.c
tests_unit_test_template_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_template_LDADD = $(LDADD_TEST) $(PCRE2_LIBS) $(JANSSON_LIBS)

UNIT_TESTS += tests/unit/test-notation
tests_unit_test_notation_SOURCES = tests/unit/test-notation.c
tests_unit_test_notation_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_notation_LDADD = $(LDADD_TEST) $(PCRE2_LIBS)

UNIT_TESTS += tests/unit/test-yaml
tests_unit_test_yaml_SOURCES = tests/unit/test-yaml.c
tests_unit_test_yaml_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_yaml_LDADD = $(LDADD_TEST) $(YAML_LIBS)

UNIT_TESTS += tests/unit/test-cgroup-parse
tests_unit_test_cgroup_parse_SOURCES = tests/unit/test-cgroup-parse.c
tests_unit_test_cgroup_parse_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_cgroup_parse_LDADD = $(LDADD_TEST)

UNIT_TESTS += tests/unit/test-collect
tests_unit_test_collect_SOURCES = tests/unit/test-collect.c
tests_unit_test_collect_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_collect_LDADD = $(LDADD_TEST)

UNIT_TESTS += tests/unit/test-docker
tests_unit_test_docker_SOURCES = tests/unit/test-docker.c \
	tests/engine.c tests/engine.h
tests_unit_test_docker_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_docker_LDADD = $(LDADD_TEST) $(CURL_LIBS) $(JANSSON_LIBS)

UNIT_TESTS += tests/unit/test-regex
tests_unit_test_regex_SOURCES = tests/unit/test-regex.c
tests_unit_test_regex_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_regex_LDADD = $(LDADD_TEST) $(PCRE2_LIBS)

UNIT_TESTS += tests/unit/test-promql
tests_unit_test_promql_SOURCES = tests/unit/test-promql.c \
	tests/unit/promql-fixture.c tests/unit/promql-fixture.h
tests_unit_test_promql_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_promql_LDADD = $(LDADD_TEST) $(PCRE2_LIBS) $(JANSSON_LIBS)

UNIT_TESTS += tests/unit/test-promql-answers
tests_unit_test_promql_answers_SOURCES = tests/unit/test-promql-answers.c \
	tests/unit/promql-memory.c tests/unit/promql-memory.h
tests_unit_test_promql_answers_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_promql_answers_LDADD = $(LDADD_TEST) $(PCRE2_LIBS)

UNIT_TESTS += tests/unit/test-window
tests_unit_test_window_SOURCES = tests/unit/test-window.c \
	tests/unit/promql-fixture.c tests/unit/promql-fixture.h
tests_unit_test_window_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_window_LDADD = $(LDADD_TEST) $(PCRE2_LIBS) $(JANSSON_LIBS)

# Writes tests for promtool: see tests/cmd/promql-promtool.t.
check_PROGRAMS += tests/unit/promql-cases
tests_unit_promql_cases_SOURCES = tests/unit/promql-cases.c \
	tests/unit/promql-fixture.c tests/unit/promql-fixture.h
tests_unit_promql_cases_CFLAGS = $(CFLAGS_TEST)
tests_unit_promql_cases_LDADD = libdmon.a $(PCRE2_LIBS) $(JANSSON_LIBS)

UNIT_TESTS += tests/unit/test-host
tests_unit_test_host_SOURCES = tests/unit/test-host.c
tests_unit_test_host_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_host_LDADD = $(LDADD_TEST)

UNIT_TESTS += tests/unit/test-pace
tests_unit_test_pace_SOURCES = tests/unit/test-pace.c
tests_unit_test_pace_CFLAGS = $(DM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_pace_LDADD = $(LDADD_TEST)

UNIT_TESTS += tests/unit/test-store
tests_unit_test_store_SOURCES = tests/unit/test-store.c
tests_unit_test_store_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_store_LDADD = $(LDADD_TEST) $(SQLITE_LIBS) $(PCRE2_LIBS) \
	$(JANSSON_LIBS)

UNIT_TESTS += tests/unit/test-network
tests_unit_test_network_SOURCES = tests/unit/test-network.c
tests_unit_test_network_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_network_LDADD = $(LDADD_TEST)

UNIT_TESTS += tests/unit/test-alloc
tests_unit_test_alloc_SOURCES = tests/unit/test-alloc.c
tests_unit_test_alloc_CFLAGS = $(CFLAGS_TEST) $(SQLITE_CFLAGS) \
	-DFIXTURES='"$(abs_top_srcdir)/tests/fixtures"'
tests_unit_test_alloc_LDFLAGS = $(DM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray \
	-Wl,--wrap=aligned_alloc,--wrap=strdup
tests_unit_test_alloc_LDADD = $(LDADD_TEST) $(SQLITE_LIBS) $(CURL_LIBS) \
	$(JANSSON_LIBS) $(YAML_LIBS) $(PCRE2_LIBS) $(UTF8PROC_LIBS)

UNIT_TESTS += tests/unit/test-query
tests_unit_test_query_SOURCES = tests/unit/test-query.c
tests_unit_test_query_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_query_LDADD = $(LDADD_TEST) $(SQLITE_LIBS) $(PCRE2_LIBS) \
	$(UTF8PROC_LIBS)

UNIT_TESTS += tests/unit/test-render
tests_unit_test_render_SOURCES = tests/unit/test-render.c
tests_unit_test_render_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_render_LDADD = $(LDADD_TEST) $(PCRE2_LIBS) $(UTF8PROC_LIBS)

UNIT_TESTS += tests/unit/test-prompt
tests_unit_test_prompt_SOURCES = tests/unit/test-prompt.c
tests_unit_test_prompt_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_prompt_LDADD = $(LDADD_TEST) $(PCRE2_LIBS) $(UTF8PROC_LIBS)

UNIT_TESTS += tests/unit/test-procevents
tests_unit_test_procevents_SOURCES = tests/unit/test-procevents.c
tests_unit_test_procevents_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_procevents_LDADD = $(LDADD_TEST)

UNIT_TESTS += tests/unit/test-kmsg
tests_unit_test_kmsg_SOURCES = tests/unit/test-kmsg.c
tests_unit_test_kmsg_CFLAGS = $(CFLAGS_TEST) \
	-DFIXTURES='"$(abs_top_srcdir)/tests/fixtures"'
tests_unit_test_kmsg_LDADD = $(LDADD_TEST)

UNIT_TESTS += tests/unit/test-posture
tests_unit_test_posture_SOURCES = tests/unit/test-posture.c
tests_unit_test_posture_CFLAGS = $(CFLAGS_TEST) $(JANSSON_CFLAGS)
tests_unit_test_posture_LDADD = $(LDADD_TEST) $(JANSSON_LIBS)

UNIT_TESTS += tests/unit/test-witness
tests_unit_test_witness_SOURCES = tests/unit/test-witness.c
tests_unit_test_witness_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_witness_LDADD = $(LDADD_TEST)

UNIT_TESTS += tests/unit/test-arima
tests_unit_test_arima_SOURCES = tests/unit/test-arima.c
tests_unit_test_arima_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_arima_LDADD = $(LDADD_TEST) $(GSL_LIBS)

UNIT_TESTS += tests/unit/test-taskstats
tests_unit_test_taskstats_SOURCES = tests/unit/test-taskstats.c
tests_unit_test_taskstats_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_taskstats_LDADD = $(LDADD_TEST)

UNIT_TESTS += tests/unit/test-log
tests_unit_test_log_SOURCES = tests/unit/test-log.c
tests_unit_test_log_CFLAGS = $(CFLAGS_TEST) $(JANSSON_CFLAGS)
tests_unit_test_log_LDADD = $(LDADD_TEST) $(JANSSON_LIBS) $(PCRE2_LIBS)

UNIT_TESTS += tests/unit/test-users
tests_unit_test_users_SOURCES = tests/unit/test-users.c
tests_unit_test_users_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_users_LDADD = $(LDADD_TEST)

UNIT_TESTS += tests/unit/test-clean
tests_unit_test_clean_SOURCES = tests/unit/test-clean.c
tests_unit_test_clean_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_clean_LDADD = $(LDADD_TEST) $(PCRE2_LIBS)

UNIT_TESTS += tests/unit/test-tag-tokens
tests_unit_test_tag_tokens_SOURCES = tests/unit/test-tag-tokens.c
tests_unit_test_tag_tokens_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_tag_tokens_LDADD = $(LDADD_TEST) $(UTF8PROC_LIBS)

UNIT_TESTS += tests/unit/test-tag-model
tests_unit_test_tag_model_SOURCES = tests/unit/test-tag-model.c
tests_unit_test_tag_model_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_tag_model_LDADD = $(LDADD_TEST) $(JANSSON_LIBS) \
	$(UTF8PROC_LIBS)

UNIT_TESTS += tests/unit/test-tag-decode
tests_unit_test_tag_decode_SOURCES = tests/unit/test-tag-decode.c
tests_unit_test_tag_decode_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_tag_decode_LDADD = $(LDADD_TEST) $(UTF8PROC_LIBS)

UNIT_TESTS += tests/unit/test-tag-files
tests_unit_test_tag_files_SOURCES = tests/unit/test-tag-files.c
tests_unit_test_tag_files_CFLAGS = $(CFLAGS_TEST)
tests_unit_test_tag_files_LDADD = $(LDADD_TEST) $(JANSSON_LIBS) \
	$(UTF8PROC_LIBS)
