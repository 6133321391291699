# shipped rule files, and their unit tests
rulesdir = $(sysconfdir)/dmon/rules
dist_rules_DATA = rules/escape.yml rules/memory.yml
EXTRA_DIST += rules/escape.test.yml rules/memory.test.yml
