# shipped rule files, and their unit tests
rulesdir = $(sysconfdir)/dmon/rules
dist_rules_DATA = \
	rules/cpu.yml \
	rules/descriptors.yml \
	rules/disk.yml \
	rules/engine.yml \
	rules/escape.yml \
	rules/events.yml \
	rules/health.yml \
	rules/host.yml \
	rules/kernel.yml \
	rules/log.yml \
	rules/memory.yml \
	rules/network.yml \
	rules/posture.yml \
	rules/quality.yml \
	rules/sessions.yml \
	rules/tasks.yml \
	rules/witness.yml
EXTRA_DIST += $(dist_rules_DATA:.yml=.test.yml)

# patterns for dmon-collect --log
logdir = $(sysconfdir)/dmon
dist_log_DATA = rules/log.patterns
