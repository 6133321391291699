# SPDX-License-Identifier: GPL-3.0-or-later
# What rules-prometheus.t makes of the recording of three containers, so that
# the shipped rules have something to say. $first is the recording's first time;
# its sweeps are $step seconds apart when they are stretched, at
# multiples of that.
def start: $first - $first % $step;
def now: .ts - start;
def stretched:
	.ts = start + (.ts - $first) * $step;

# The storm: all goes wrong, from the fifth sweep to the 55th, of 60.
def begin: 5 * $step;
def end_: 55 * $step;
def on: now >= begin and now < end_;
# A counter that grows by a little more than this in each second of it (so that
# its rate never is exactly what a rule asks for), and one that does not.
def grow($rate):
	1.01371 * $rate * ([[now - begin, 0] | max, end_ - begin] | min);
def rest($rate): 1.01371 * $rate * now - grow($rate);

def is($kind; $name): .kind == $kind and .labels.name == $name;
# One more record with what this one is about.
def also($labels; $metrics): .labels += $labels | .metrics = $metrics;

def host:
	def share: if on then 0.02 else 0.5 end;
	.metrics += {
		dmon_process_events_lost_total: (grow(20) | floor),
		dmon_engine_events_rejected_total: (grow(20) | floor),
		dmon_kernel_messages_lost_total: (grow(20) | floor),
		node_event_conntrack_full: (if on then 1 else 0 end),
		node_event_syn_flood: (if on then 1 else 0 end),
		node_event_syn_flood_port: 80,
		node_load5: (if on then 20 else 1 end),
		node_memory_MemAvailable_bytes:
			(share * .metrics.node_memory_MemTotal_bytes),
		node_filefd_allocated: (if on then 970000 else 1348 end),
		node_filefd_maximum: 1e6,
		node_nf_conntrack_entries: (if on then 255000 else 10 end),
		node_nf_conntrack_entries_limit: 262144,
		node_pressure_cpu_waiting_seconds_total: grow(0.95),
		node_pressure_memory_stalled_seconds_total: grow(0.5),
		node_pressure_io_stalled_seconds_total: grow(0.9),
		node_vmstat_pswpin: grow(1000),
		node_vmstat_pswpout: grow(700),
		node_vmstat_oom_kill: (grow(9) | floor),
		node_processes_threads: (if on then 4750 else 191 end),
		node_processes_max_threads: 5000,
		node_procs_blocked: (if on then 60 else 0 end),
		node_forks_total: grow(1200),
		node_boot_time_seconds: (.metrics.node_boot_time_seconds
			+ if now > 2 * begin then 10 else 0 end)
	};

def disk($mount; $left; $metrics):
	also({device: "/dev/vdb", fstype: "ext4", mountpoint: $mount}; {
		node_filesystem_size_bytes: 1e11,
		node_filesystem_avail_bytes: $left,
		node_filesystem_files: 6553600,
		node_filesystem_files_free: 6e6,
		node_filesystem_readonly: 0,
		node_filesystem_device_error: 0
	} + $metrics);

# As events below: as if each went on.
def witnessed($what; $metrics):
	(if on then 1 else 0 end) as $on
	| also({what: $what}; {
		node_witness_changed: $on,
		host_event_witness_change: $on,
		host_event_witness_undone: 0
	} + ($metrics | map_values(. * $on))),
	also({what: $what, path: "/\($what)", old: "a <b>", new: "c \"d"};
		{host_event_witness_info: 1});
def witnesses:
	witnessed("modprobe"; {}),
	witnessed("core_pattern"; {host_event_witness_undone: 1}),
	witnessed("runtime"; {host_event_witness_in_place: 1}),
	witnessed(("engine_config", "ld_preload", "tainted", "modules",
		"hierarchies", "passwd", "sshd", "cron", "systemd", "kptr_restrict"); {});

# What its log says, one event a text.
def logged($pattern; $labels; $text):
	also($labels + {pattern: $pattern, file: "/var/log/auth.log",
		text: $text}; if on then {node_event_log_info: 1} else {} end);
def logs:
	(range(8) as $i | logged("ssh_failed";
		{from: "192.0.2.7", user: "a\"b"}; "x \($i) <&>")),
	logged("ssh_accepted"; {from: "192.0.2.7", user: "root"}; "y"),
	logged("user_grouped"; {user: "bob", group: "docker"}; "z"),
	also({pattern: "user_added", file: "/var/log/auth.log"};
		{node_event_log_match: (if on then 1 else 0 end)}),
	also({pattern: "su_failed"}; {node_log_matches_total: grow(1)}),
	also({}; {node_log_skipped_bytes_total: grow(1000)});

# Records of the host, from its first one.
def host_and_more:
	host,
	(range(8) as $i | also({pid: "\(300 + $i)"}; if on
		then {node_event_segfault: 1} else {} end)),
	witnesses, logs,
	disk("/fills"; 4.5e10 - grow(4.3e10 / (50 * $step)); {}),
	disk("/files"; 5e10; {
		node_filesystem_files_free: (if on then 65536 else 6e6 end)}),
	disk("/fails"; 5e10; {
		node_filesystem_readonly: (if on then 1 else 0 end)}),
	disk("/gone"; 5e10; {
		node_filesystem_device_error: (if on then 1 else 0 end)}),
	also({cgroup: "/docker"}; {
		dmon_unattributed_cpu_seconds_total: grow(1),
		dmon_unattributed_oom_events_total: (grow(0.01) | floor)});

def network($interface; $sent; $received; $bytes):
	also({interface: $interface}; {
		container_network_transmit_packets_total: grow($sent),
		container_network_receive_packets_total: grow($received),
		container_network_transmit_bytes_total: grow($sent * $bytes),
		container_network_receive_bytes_total: grow($received * $bytes),
		container_network_receive_packets_dropped_total: grow(200),
		container_network_transmit_errors_total: grow(20),
		container_network_receive_multicast_total: grow(2000),
		container_network_promiscuous: (if on then 1 else 0 end)
	});

def process($pid; $metrics):
	.kind = "process" | also({pid: "\($pid)", start: "910000"}; {
		container_process_state: 1,
		container_process_namespace_state: 1,
		container_process_host_namespaces: 449,
		container_process_foreign_root: 0,
		container_process_foreign_cwd: 0,
		container_process_uid: 0,
		container_process_tracer_pid: 0,
		container_process_open_fds: 9,
		container_process_start_time_seconds: (.ts - 30),
		container_process_capabilities_effective: 2818844155,
		container_process_capabilities_bounding: 2818844155,
		container_process_deleted_executable: 0,
		container_process_memfd_executable: 0,
		container_process_runtime_setup: 0
	} + if on then $metrics else {} end);
def named($pid; $comm):
	process($pid; {})
	| also({comm: $comm, exe: "/bin/\($comm)", user: "root"};
		{container_process_info: 1});

# What events say, as if each went on: promtool knows no moments.
def happens($pid; $metrics):
	.kind = "process" | also({pid: "\($pid)", start: "910000"}; {
		container_event_exec: 1,
		container_event_namespace_state: 1,
		container_event_host_namespaces: 449,
		container_event_foreign_root: 0,
		container_event_foreign_cwd: 0,
		container_event_uid: 0,
		container_event_memfd_executable: 0,
		container_event_runtime_setup: 0,
		container_event_left_cgroup: 0
	} + if on then $metrics else {} end);
def events:
	happens(41; {container_event_namespace_state: 9,
		container_event_host_namespaces: 457}),
	(process(41; {}) | also({comm: "a b", exe: "/bin/x", user: "root"};
		{container_event_info: 1})),
	happens(42; {container_event_namespace_state: 5,
		container_event_host_namespaces: 453}),
	happens(43; {container_event_foreign_cwd: 1}),
	happens(50; {container_event_host_disk_fds: 1}),
	happens(44; {container_event_foreign_root: 1}),
	happens(45; {container_event_left_cgroup: 1}),
	happens(49; {container_event_foreign_executable: 1}),
	happens(46; {container_event_memfd_executable: 1}),
	happens(47; {container_event_runtime_setup: 1,
		container_event_namespace_state: 9,
		container_event_host_namespaces: 457}),
	happens(48; {container_event_ptrace_foreign: 1,
		container_event_tracer_pid: 48, container_event_tracee_pid: 1234567}),
	(.kind = "container"
		| also({session: "51", start: "910000"}; if on
			then {container_event_session_uid: 0} else {} end)),
	(.kind = "container"
		| also({session: "51", start: "910000", how: "exec",
			tty: "pts/0", user: "7", from: "a <b>"}; if on then {
			container_event_session_info: 1,
			container_session_info: 1} else {} end)),
	(.kind = "container"
		| also({}; {container_event_declared_privileged: (if on then 1 else 0 end)}));

def processes:
	process(21; {container_process_state: 2}),
	process(22; {container_process_namespace_state: 5,
		container_process_host_namespaces: 453}),
	named(22; "nc <&>\"é\\\\"),
	process(23; {container_process_namespace_state: 9,
		container_process_host_namespaces: 451}),
	process(24; {container_process_namespace_state: 17,
		container_process_host_namespaces: 1}),
	process(25; {container_process_foreign_cwd: 1}),
	process(31; {container_process_host_disk_fds: 1,
		container_process_memory_device_fds: 1}),
	process(26; {container_process_foreign_root: 1}),
	named(26; "chroot"),
	process(27; {container_process_memfd_executable: 1}),
	process(28; {container_process_deleted_executable: 1}),
	process(29; {container_process_capabilities_effective: 2199023255551}),
	process(30; {container_process_open_fds: 600000}),
	process(100 + range(60); {container_process_state: 32});

def web:
	.metrics += {
		container_health_state: (if on then 0 else 1 end),
		container_forks_total: grow(3000),
		container_log_bytes_total: grow(6e6),
		container_log_limit_bytes: 3e7,
		container_network_arp_conflict: (if on then 1 else 0 end),
		container_network_arp_changes_total: (grow(0.1) | floor),
		container_network_gateway_changes_total: (grow(0.1) | floor),
		container_network_receive_broadcast_total: grow(3000),
		container_cgroup_notify_on_release: (if on then 1 else 0 end),
		container_paused: (if on then 1 else 0 end),
		container_restarts_total: (grow(0.02) | floor),
		container_cpu_usage_seconds_total: grow(0.49),
		container_cpu_cfs_throttled_periods_total: grow(6),
		container_cpu_cfs_periods_total: (10 * now),
		container_memory_working_set_bytes: 65000000,
		container_memory_total_active_file_bytes:
			(if on then 32000000 else 64000000 end),
		container_memory_failcnt: grow(200),
		container_pressure_memory_stalled_seconds_total: grow(0.5),
		container_pressure_io_stalled_seconds_total: grow(0.9),
		container_threads: (if on then 32 else 3 end),
		container_threads_max_events_total: grow(1),
		dmon_processes_hidden: (if on then 2 else 0 end)
	};
def sockets:
	also({tcp_state: "synrecv"}; {container_network_tcp_usage_total:
		(if on then 200 else 0 end)}),
	also({tcp_state: "synsent"}; {container_network_tcp_usage_total:
		(if on then 300 else 0 end)}),
	also({tcp_state: "closewait"}; {container_network_tcp6_usage_total:
		(if on then 2000 else 0 end)}),
	(({syncookiessent: 100, listenoverflows: 1, attemptfails: 60,
		activeopens: 70, retranssegs: 200, tcpabortonmemory: 0.1}
		| to_entries[]) as $of
		| also({tcp_state: $of.key}; {
			container_network_advance_tcp_stats_total:
				grow($of.value)})),
	also({ip: "4"}; {
		container_network_tcp_sockets: (if on then 6000 else 10 end),
		container_network_udp_receive_buffer_errors_total: grow(200),
		container_network_udp_no_ports_total: grow(600)});

# It has no quota, and takes all.
def escape:
	.metrics += {
		container_spec_cpu_quota: 0,
		container_cpu_usage_seconds_total: grow(1.9),
		container_cpu_cfs_throttled_periods_total: 0,
		container_pressure_cpu_stalled_seconds_total: grow(0.9),
		container_memory_working_set_bytes:
			(if on then 1e10 else 1e7 end),
		container_spec_memory_limit_bytes: 0,
		container_threads: (if on then 3000 else 5 end),
		container_log_size_bytes: (if on then 2e10 else 7 end),
		container_log_limit_bytes: 0,
		container_declared_privileged: (if on then 1 else 0 end),
		container_posture_score: 10
	};
def posture($check):
	also({check: $check}; {
		container_posture: (if on then 1 else 0 end),
		container_posture_differs: (if on then 1 else 0 end)
	});
def escape_and_more:
	escape,
	posture("runtime-socket", "host-root", "host-path-write", "host-disk",
		"proc-sys-writable", "cgroup-writable", "seccomp-off",
		"selinux-off", "image-registry"),
	also({device: "/dev/vda"}; {
		container_fs_reads_bytes_total: grow(2e8),
		container_fs_writes_bytes_total: grow(1e8)}),
	network("eth0"; 200; 150000; 1000);

# One more, which shares with the host what it can, and fills up.
def filler:
	.labels.id = "/docker/f111e2" | .labels.name = "filler"
	| also({}; {
		container_last_seen: .ts,
		container_memory_working_set_bytes: (5.1e8 + 4.5e5 * now),
		container_spec_memory_limit_bytes: 1e9}),
	process(31; {container_process_host_namespaces: 469}),
	# Each is told in its moment.
	(range(8) as $i | also({pid: "\(200 + $i)"}; if on
		then {container_event_segfault: 1} else {} end)),
	also({pid: "210"}; {
		container_event_oom_kill: (if on then 1 else 0 end),
		container_event_seccomp_denied: (if on then 1 else 0 end)}),
	also({pid: "210", text: "sh[210]: \"<&>"};
		{container_event_kernel_info: 1}),
	also({}; {container_event_forks_refused: (if on then 1 else 0 end)}),
	also({action: "exec_start"};
		{container_event_engine: (if on then 1 else 0 end)}),
	also({action: "exec_start", command: "sh -c \"a\""};
		{container_event_engine_info: 1});

def sweep:
	.metrics += {
		dmon_sweeps_missed_total: (grow(0.1) | floor),
		process_cpu_seconds_total: grow(0.9),
		dmon_containers: (if now < end_ then 5 else 2 end)
	};
def source:
	if on and (.labels.source == "docker" or .labels.source == "host")
	then .metrics.dmon_source_success = 0 else . end;

def storm:
	if is("container"; "web") and .metrics.container_running then
		web, network("eth0"; 30000; 100; 60),
		network("eth1"; 100; 30000; 60), sockets, processes, events
	elif is("container"; "escape") and .metrics.container_running then
		escape_and_more, filler
	elif is("container"; "eater") and .metrics.container_running then
		.metrics.container_memory_working_set_bytes = 66500000
		| .metrics.container_memory_total_active_file_bytes = 0
	elif is("container"; "eater") and .labels.failure_type == "pgmajfault"
	then .metrics.container_memory_failures_total = grow(400)
	elif is("process"; "eater") and .metrics.container_process_uid != null
	then .metrics.container_process_tracer_pid = if on then 21 else 0 end
	elif .kind == "host" and .metrics.node_load5 != null then host_and_more
	elif .labels.cgroup == "/docker" then empty
	elif .labels.mode == "idle" then
		.metrics.node_cpu_seconds_total += rest(1)
	elif .labels.mode == "steal" then
		.metrics.node_cpu_seconds_total += grow(0.5)
	elif .kind == "host" and .labels.device == "vda" then .metrics += {
		node_disk_read_bytes_total: grow(2e8),
		node_disk_written_bytes_total: grow(1e8),
		node_disk_io_time_seconds_total: grow(1),
		node_disk_reads_completed_total: grow(2),
		node_disk_writes_completed_total: grow(1),
		node_disk_read_time_seconds_total: grow(3)
	}
	elif .kind == "host" and .labels.device == "eth0" then .metrics += {
		node_network_receive_drop_total: grow(600),
		node_network_transmit_errs_total: grow(20)
	}
	elif .labels.state == "restarting" or .labels.state == "dead" then
		.metrics.dmon_engine_containers = if on then 2 else 0 end
	elif .labels.state == "exited" then
		.metrics.dmon_engine_containers = if on then 12 else 0 end
	elif .kind == "sweep" and .labels.source == null then sweep
	elif .kind == "sweep" then source
	else . end;

# Processes are not seen for a while; then nothing is but that the target does
# not answer.
def lost:
	if now >= 40 * $step then
		select(.kind == "sweep" and .labels.source == null)
		| .metrics = {up: 0}
	elif now >= 20 * $step and now < 30 * $step then
		select(.kind != "process")
		| if .labels.source == "proc"
		then .metrics.dmon_source_success = 0 else . end
	else . end;

# Another host, half a step later, just started; it says nothing any more.
def other:
	select(now < 20 * $step)
	| .ts += $step / 2
	| .labels.instance = "node-2"
	| if .metrics.node_boot_time_seconds
	then .metrics.node_boot_time_seconds = start else . end;

# Containers end while they are under an alert, and then one hears of no
# processes.
def gone:
	select((.labels.name != "escape" or now < 17)
		and (.labels.name != "eater" or now < 22)
		and (.kind != "process" or now < 25))
	| if now >= 25 and now < 33 and .labels.source == "proc"
	then .metrics.dmon_source_success = 0 else . end;

# It never says that a sweep has ended.
def untold:
	select(now < 20 * $step
		and (.kind != "sweep" or .labels.source != null));
