# One stanza a program; DM_MAIN is what all of them share.
DM_MAIN = cmd/common.c cmd/common.h

bin_PROGRAMS += dmon-collect
dmon_collect_SOURCES = cmd/dmon-collect.c cmd/audit.c cmd/audit.h $(DM_MAIN)
dmon_collect_LDADD = libdmon.a $(CURL_LIBS) $(JANSSON_LIBS) $(PCRE2_LIBS)

bin_PROGRAMS += dmon-match
dmon_match_SOURCES = cmd/dmon-match.c cmd/match-rules.c cmd/match-rules.h \
	$(DM_MAIN)
dmon_match_LDADD = libdmon.a $(YAML_LIBS) $(PCRE2_LIBS) $(JANSSON_LIBS)

bin_PROGRAMS += dmon-store
dmon_store_SOURCES = cmd/dmon-store.c $(DM_MAIN)
dmon_store_LDADD = libdmon.a $(SQLITE_LIBS) $(PCRE2_LIBS)

bin_PROGRAMS += dmon-replay
dmon_replay_SOURCES = cmd/dmon-replay.c $(DM_MAIN)
dmon_replay_LDADD = libdmon.a $(SQLITE_LIBS) $(PCRE2_LIBS)

bin_PROGRAMS += dmon-query
dmon_query_SOURCES = cmd/dmon-query.c cmd/query-options.c \
	cmd/query-options.h cmd/terminal.c cmd/terminal.h \
	$(DM_MAIN)
dmon_query_LDADD = libdmon.a $(SQLITE_LIBS) $(PCRE2_LIBS) $(READLINE_LIBS) \
	$(UTF8PROC_LIBS)

bin_PROGRAMS += dmon-clean
dmon_clean_SOURCES = cmd/dmon-clean.c $(DM_MAIN)
dmon_clean_LDADD = libdmon.a $(PCRE2_LIBS)
