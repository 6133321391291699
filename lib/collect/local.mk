libdmon_a_SOURCES += \
	lib/collect/cgroup.c \
	lib/collect/cgroup_metrics.c lib/collect/cgroup_metrics.h \
	lib/collect/cgroup_parse.c lib/collect/cgroup_parse.h \
	lib/collect/collect.c lib/collect/collect.h \
	lib/collect/connector.c lib/collect/connector.h \
	lib/collect/device.c lib/collect/device.h \
	lib/collect/disks.c lib/collect/disks.h \
	lib/collect/discover.c lib/collect/discover.h \
	lib/collect/emit.c lib/collect/emit.h \
	lib/collect/hierarchy.c lib/collect/hierarchy.h \
	lib/collect/hugetlb.c lib/collect/hugetlb.h \
	lib/collect/kmsg.c \
	lib/collect/kmsg-text.c lib/collect/kmsg-text.h \
	lib/collect/log.c lib/collect/log.h \
	lib/collect/log-file.c lib/collect/log-file.h \
	lib/collect/log-files.c \
	lib/collect/log-follow.c \
	lib/collect/log-line.c lib/collect/log-line.h \
	lib/collect/log-pattern.c lib/collect/log-pattern.h \
	lib/collect/log-size.c lib/collect/log-size.h \
	lib/collect/log-tell.c \
	lib/collect/lineage.c lib/collect/lineage.h \
	lib/collect/membership.c lib/collect/membership.h \
	lib/collect/part.c \
	lib/collect/posture.c lib/collect/posture.h \
	lib/collect/posture-caps.c \
	lib/collect/posture-look.c \
	lib/collect/posture-mount.c \
	lib/collect/posture-table.c \
	lib/collect/place.c lib/collect/place.h \
	lib/collect/privileges.c lib/collect/privileges.h \
	lib/collect/proc.c lib/collect/proc.h \
	lib/collect/proc-base.c \
	lib/collect/proc-fds.c \
	lib/collect/proc-full.c \
	lib/collect/proc-look.c \
	lib/collect/proc-text.c lib/collect/proc-text.h \
	lib/collect/proc-thread.c \
	lib/collect/proc-user.c \
	lib/collect/proc-write.c \
	lib/collect/procevents.c lib/collect/procevents.h \
	lib/collect/procevents-exit.c \
	lib/collect/procevents-look.c \
	lib/collect/runtime.c lib/collect/runtime.h \
	lib/collect/source.h \
	lib/collect/started.c lib/collect/started.h \
	lib/collect/table.c \
	lib/collect/taskstats.c lib/collect/taskstats.h \
	lib/collect/tick.c lib/collect/tick.h \
	lib/collect/tree.c lib/collect/tree.h \
	lib/collect/unattributed.c lib/collect/unattributed.h \
	lib/collect/users.c lib/collect/users.h \
	lib/collect/users-gate.c \
	lib/collect/users-host.c \
	lib/collect/users-list.c \
	lib/collect/users-login.c \
	lib/collect/users-say.c \
	lib/collect/users-text.c lib/collect/users-text.h \
	lib/collect/witness.c lib/collect/witness.h \
	lib/collect/witness-agents.c \
	lib/collect/witness-look.c \
	lib/collect/witness-say.c \
	lib/collect/witness-table.c \
	lib/collect/witness-text.c lib/collect/witness-text.h \
	lib/collect/witness-watch.c

libdmon_a_SOURCES += \
	lib/collect/docker.c \
	lib/collect/docker-answer.c lib/collect/docker-answer.h \
	lib/collect/docker-engine.c lib/collect/docker-engine.h \
	lib/collect/docker-event.c lib/collect/docker-event.h \
	lib/collect/docker-events.c \
	lib/collect/docker-log.c lib/collect/docker-log.h \
	lib/collect/docker-posture.c \
	lib/collect/docker-split.c lib/collect/docker-split.h

libdmon_a_SOURCES += \
	lib/collect/host.c \
	lib/collect/host-fs.c lib/collect/host-fs.h \
	lib/collect/host-text.c lib/collect/host-text.h \
	lib/collect/neighbours.c lib/collect/neighbours.h \
	lib/collect/ndp.c lib/collect/ndp.h \
	lib/collect/neighbour-news.c lib/collect/neighbour-news.h \
	lib/collect/net-text.c lib/collect/net-text.h \
	lib/collect/network.c lib/collect/network.h \
	lib/collect/network-hear.c \
	lib/collect/network-promisc.c \
	lib/collect/network-read.c \
	lib/collect/network-write.c \
	lib/collect/reread.c lib/collect/reread.h
