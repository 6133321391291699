/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/witness.h"

#define SYSCTL(what, path)                                                     \
	{                                                                      \
		what, DM_WITNESS_TEXT, DM_WITNESS_PROCFS, path                 \
	}
#define SYSFS(what, path)                                                      \
	{                                                                      \
		what, DM_WITNESS_TEXT, DM_WITNESS_SYSFS, path                  \
	}
#define FILE_(what, path)                                                      \
	{                                                                      \
		what, DM_WITNESS_FILE, DM_WITNESS_ROOTFS, path                 \
	}
#define FOLDER(what, path)                                                     \
	{                                                                      \
		what, DM_WITNESS_FOLDER, DM_WITNESS_ROOTFS, path               \
	}
#define PROGRAM(name)                                                          \
	FILE_("runtime", "usr/bin/" name), FILE_("runtime", "usr/sbin/" name), \
	    FILE_("runtime", "usr/local/bin/" name),                           \
	    FILE_("runtime", "usr/local/sbin/" name)

/* Those of one name stand side by side. */
const struct dm_witness_place dm_witness_places[] = {
    /* What the kernel executes as the host's root. */
    SYSCTL("core_pattern", "sys/kernel/core_pattern"),
    SYSCTL("modprobe", "sys/kernel/modprobe"),
    SYSCTL("hotplug", "sys/kernel/hotplug"),
    SYSCTL("poweroff_cmd", "sys/kernel/poweroff_cmd"),
    SYSFS("uevent_helper", "kernel/uevent_helper"),
    {"binfmt_misc", DM_WITNESS_BINFMT, DM_WITNESS_PROCFS, "sys/fs/binfmt_misc"},
    /* A new one is where a release_agent can be set. */
    {"hierarchies", DM_WITNESS_HIERARCHIES, DM_WITNESS_PROCFS, "self/cgroup"},
    /* What is in the kernel. */
    {"modules", DM_WITNESS_MODULES, DM_WITNESS_PROCFS, "modules"},
    SYSCTL("tainted", "sys/kernel/tainted"),
    /* What keeps one from the other. */
    SYSCTL("suid_dumpable", "sys/fs/suid_dumpable"),
    SYSCTL("protected_hardlinks", "sys/fs/protected_hardlinks"),
    SYSCTL("protected_symlinks", "sys/fs/protected_symlinks"),
    SYSCTL("ptrace_scope", "sys/kernel/yama/ptrace_scope"),
    SYSCTL("kptr_restrict", "sys/kernel/kptr_restrict"),
    SYSCTL("dmesg_restrict", "sys/kernel/dmesg_restrict"),
    SYSCTL("perf_event_paranoid", "sys/kernel/perf_event_paranoid"),
    SYSCTL("randomize_va_space", "sys/kernel/randomize_va_space"),
    SYSCTL("unprivileged_bpf_disabled", "sys/kernel/unprivileged_bpf_disabled"),
    SYSCTL("unprivileged_userns_clone", "sys/kernel/unprivileged_userns_clone"),
    SYSCTL("modules_disabled", "sys/kernel/modules_disabled"),
    SYSCTL("kexec_load_disabled", "sys/kernel/kexec_load_disabled"),
    SYSCTL("sysrq", "sys/kernel/sysrq"),
    SYSCTL("mmap_min_addr", "sys/vm/mmap_min_addr"),
    SYSFS("selinux", "fs/selinux/enforce"),
    /* Memory and network. */
    SYSCTL("overcommit_memory", "sys/vm/overcommit_memory"),
    SYSCTL("panic_on_oom", "sys/vm/panic_on_oom"),
    SYSCTL("ip_forward", "sys/net/ipv4/ip_forward"),
    SYSCTL("rp_filter", "sys/net/ipv4/conf/all/rp_filter"),
    SYSCTL("accept_redirects", "sys/net/ipv4/conf/all/accept_redirects"),
    /* Who starts containers. */
    PROGRAM("runc"),
    PROGRAM("crun"),
    PROGRAM("youki"),
    PROGRAM("containerd"),
    PROGRAM("containerd-shim-runc-v2"),
    PROGRAM("dockerd"),
    PROGRAM("docker-init"),
    PROGRAM("docker-proxy"),
    PROGRAM("conmon"),
    PROGRAM("kubelet"),
    FILE_("engine_config", "etc/docker/daemon.json"),
    FILE_("engine_config", "etc/containerd/config.toml"),
    FILE_("engine_config", "etc/crio/crio.conf"),
    /* What is loaded into programs. */
    FILE_("ld_preload", "etc/ld.so.preload"),
    FILE_("ld_config", "etc/ld.so.conf"),
    FOLDER("ld_config", "etc/ld.so.conf.d"),
    /* Who may come in, and what they may do. */
    FILE_("passwd", "etc/passwd"),
    FILE_("shadow", "etc/shadow"),
    FILE_("group", "etc/group"),
    FILE_("sudoers", "etc/sudoers"),
    FOLDER("sudoers", "etc/sudoers.d"),
    FOLDER("pam", "etc/pam.d"),
    FILE_("authorized_keys", "root/.ssh/authorized_keys"),
    FILE_("authorized_keys", "root/.ssh/authorized_keys2"),
    FILE_("sshd", "etc/ssh/sshd_config"),
    FOLDER("sshd", "etc/ssh/sshd_config.d"),
    /* What is started when. */
    FILE_("cron", "etc/crontab"),
    FOLDER("cron", "etc/cron.d"),
    FOLDER("cron", "etc/cron.hourly"),
    FOLDER("cron", "etc/cron.daily"),
    FOLDER("cron", "etc/cron.weekly"),
    FOLDER("cron", "etc/cron.monthly"),
    FOLDER("cron", "var/spool/cron"),
    FOLDER("cron", "var/spool/cron/crontabs"),
    FOLDER("systemd", "etc/systemd/system"),
    FOLDER("systemd", "usr/lib/systemd/system"),
    FOLDER("systemd", "usr/local/lib/systemd/system"),
    FOLDER("systemd", "run/systemd/system"),
    FILE_("init", "etc/inittab"),
    FILE_("init", "etc/rc.local"),
    FOLDER("init", "etc/init.d"),
    FILE_("profile", "etc/profile"),
    FOLDER("profile", "etc/profile.d"),
    FILE_("profile", "root/.bashrc"),
    FILE_("profile", "root/.profile"),
    FOLDER("udev", "etc/udev/rules.d"),
    FILE_("modules_load", "etc/modules"),
    FOLDER("modules_load", "etc/modules-load.d"),
    FOLDER("modules_load", "etc/modprobe.d"),
};

const size_t dm_witness_n_places = DM_COUNT(dm_witness_places);
