/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/posture.h"

const char *const dm_posture_severity_names[DM_POSTURE_SEVERITIES] = {
    "info", "warning", "critical"};

const unsigned dm_posture_weights[DM_POSTURE_SEVERITIES] = {2, 10, 40};

/* dmon-metrics(7) has this table; posture-basic.t compares the two. */
const struct dm_posture_entry dm_posture_table[DM_POSTURE_N] = {
    [DM_POSTURE_PRIVILEGED] = {"privileged", DM_POSTURE_CRITICAL,
	"nothing keeps it in",
	"start it without --privileged, with the --device or --cap-add that "
	"it needs"},
    [DM_POSTURE_RUNTIME_SOCKET] = {"runtime-socket", DM_POSTURE_CRITICAL,
	"the engine's socket is mounted: it can start containers as root of "
	"the host",
	"do not mount it; if it must ask the engine, put a proxy between that "
	"lets only reading through"},
    [DM_POSTURE_HOST_ROOT] = {"host-root", DM_POSTURE_CRITICAL,
	"the host's root directory is mounted",
	"mount only the folders that it needs, read-only"},
    [DM_POSTURE_HOST_PATH_WRITE] = {"host-path-write", DM_POSTURE_CRITICAL,
	"it can write where the host keeps what it runs or trusts",
	"mount it read-only (:ro), or a folder of its own"},
    [DM_POSTURE_HOST_PATH_READ] = {"host-path-read", DM_POSTURE_WARNING,
	"it can read where the host keeps secrets or its state",
	"mount only the files that it needs"},
    [DM_POSTURE_HOST_DISK] = {"host-disk", DM_POSTURE_CRITICAL,
	"it has a disk or the memory of the host as a device",
	"do not pass the device; mount a folder"},
    [DM_POSTURE_HOST_DEVICE] = {"host-device", DM_POSTURE_INFO,
	"it has devices of the host",
	"pass only those that it needs, without m in their permissions"},
    [DM_POSTURE_PROC_SYS_WRITABLE] = {"proc-sys-writable", DM_POSTURE_CRITICAL,
	"it can write /proc/sys: core_pattern runs programs on the host",
	"start it without --privileged and systempaths=unconfined"},
    [DM_POSTURE_PROC_UNMASKED] = {"proc-unmasked", DM_POSTURE_WARNING,
	"files of /proc that tell of the kernel are not masked",
	"start it without --privileged and systempaths=unconfined"},
    [DM_POSTURE_SYS_WRITABLE] = {"sys-writable", DM_POSTURE_WARNING,
	"it can write /sys, and so configure the host's devices",
	"start it without --privileged"},
    [DM_POSTURE_CGROUP_WRITABLE] = {"cgroup-writable", DM_POSTURE_WARNING,
	"it can write control groups: lift its limits, and with cgroup v1 run "
	"a program on the host (release_agent)",
	"start it without --privileged; mount /sys/fs/cgroup read-only"},
    [DM_POSTURE_MOUNT_SHARED] = {"mount-shared", DM_POSTURE_WARNING,
	"what it mounts appears on the host",
	"mount with private or slave propagation"},
    [DM_POSTURE_CAPS_DANGEROUS] = {"capabilities-dangerous", DM_POSTURE_WARNING,
	"it has capabilities that lead out of a container",
	"drop them (--cap-drop)"},
    [DM_POSTURE_CAPS_ADDED] = {"capabilities-added", DM_POSTURE_INFO,
	"it has capabilities beyond the engine's default",
	"see whether it needs each --cap-add"},
    [DM_POSTURE_CAPS_KEPT] = {"capabilities-kept", DM_POSTURE_INFO,
	"it has not given up all capabilities",
	"start it with --cap-drop ALL and add those that it needs"},
    [DM_POSTURE_SECCOMP_OFF] = {"seccomp-off", DM_POSTURE_WARNING,
	"no system call is kept from it",
	"start it without seccomp=unconfined"},
    [DM_POSTURE_APPARMOR_OFF] = {"apparmor-off", DM_POSTURE_WARNING,
	"AppArmor does not confine it", "start it without apparmor=unconfined"},
    [DM_POSTURE_SELINUX_OFF] = {"selinux-off", DM_POSTURE_WARNING,
	"SELinux does not confine it",
	"start it without label=disable, which --pid host and --ipc host "
	"bring along"},
    [DM_POSTURE_NEW_PRIVILEGES] = {"new-privileges", DM_POSTURE_INFO,
	"programs in it can gain privileges (setuid)",
	"start it with --security-opt no-new-privileges"},
    [DM_POSTURE_ROOT_USER] = {"root-user", DM_POSTURE_INFO,
	"its first process runs as root",
	"give it a user (--user, or USER in the image)"},
    [DM_POSTURE_HOST_PID] = {"host-pid", DM_POSTURE_WARNING,
	"it sees the host's processes", "start it without --pid host"},
    [DM_POSTURE_HOST_NETWORK] = {"host-network", DM_POSTURE_WARNING,
	"it has the host's network, its loopback too",
	"publish ports (-p) instead of --network host"},
    [DM_POSTURE_HOST_IPC] = {"host-ipc", DM_POSTURE_WARNING,
	"it has the host's shared memory", "start it without --ipc host"},
    [DM_POSTURE_HOST_UTS] = {"host-uts", DM_POSTURE_INFO,
	"it has the host's name, and may set it with SYS_ADMIN",
	"start it without --uts host"},
    [DM_POSTURE_HOST_USER] = {"host-user", DM_POSTURE_INFO,
	"root in it is root of the host",
	"let the engine map users (userns-remap), or run it rootless"},
    [DM_POSTURE_HOST_CGROUP] = {"host-cgroup", DM_POSTURE_INFO,
	"it sees the host's control groups",
	"start it with --cgroupns private"},
    [DM_POSTURE_MEMORY_UNLIMITED] = {"memory-unlimited", DM_POSTURE_WARNING,
	"it may take all memory of the host", "set --memory"},
    [DM_POSTURE_PIDS_UNLIMITED] = {"pids-unlimited", DM_POSTURE_WARNING,
	"it may start processes until the host can start none",
	"set --pids-limit"},
    [DM_POSTURE_CPU_UNLIMITED] = {"cpu-unlimited", DM_POSTURE_INFO,
	"it may use all CPUs", "set --cpus"},
    [DM_POSTURE_ROOTFS_WRITABLE] = {"rootfs-writable", DM_POSTURE_INFO,
	"its own files can be changed",
	"start it with --read-only, and --tmpfs where it writes"},
    [DM_POSTURE_IMAGE_UNPINNED] = {"image-unpinned", DM_POSTURE_INFO,
	"its image can be another one tomorrow",
	"name the image by its digest (@sha256:...)"},
    [DM_POSTURE_IMAGE_LATEST] = {"image-latest", DM_POSTURE_INFO,
	"its image is whatever was the latest", "name a version"},
    [DM_POSTURE_IMAGE_REGISTRY] = {"image-registry", DM_POSTURE_WARNING,
	"its image is from a registry that is none of --registry",
	"take the image from a registry that is known"},
};

/* Of all that was found of a check; dots stand for the rest. */
#define NOTE_BYTES 256

void dm_posture_side_clear(struct dm_posture_side *s)
{
	s->seen = s->found = s->caps = 0;
	s->caps_seen = s->failed = false;
	for (size_t i = 0; i < DM_POSTURE_N; i++)
		dm_buf_clear(&s->notes[i]);
}

void dm_posture_side_release(struct dm_posture_side *s)
{
	for (size_t i = 0; i < DM_POSTURE_N; i++)
		dm_buf_release(&s->notes[i]);
	*s = (struct dm_posture_side){0};
}

void dm_posture_see(
    struct dm_posture_side *s, enum dm_posture_check check, bool found)
{
	s->seen |= UINT64_C(1) << check;
	s->found |= (uint64_t)found << check;
}

/* The beginning of s that fits into room, cut at a character. */
static struct dm_str cut(struct dm_str s, size_t room)
{
	if (s.n <= room)
		return s;
	s.n = room;
	for (unsigned i = 0; i < 3 && s.n; i++) {
		if (((unsigned char)s.p[s.n] & 0xc0) != 0x80)
			break;
		s.n--;
	}
	return s;
}

void dm_posture_find(
    struct dm_posture_side *s, enum dm_posture_check check, struct dm_str note)
{
	struct dm_buf *b = &s->notes[check];
	struct dm_str fits;

	dm_posture_see(s, check, true);
	if (b->n >= NOTE_BYTES)
		return;
	if (b->n)
		dm_buf_add_cstr(b, ", ");
	fits = cut(note, b->n < NOTE_BYTES ? NOTE_BYTES - b->n : 0);
	dm_buf_add_str(b, fits);
	if (fits.n < note.n)
		dm_buf_add_cstr(b, "...");
	s->failed = s->failed || b->failed;
}

bool dm_posture_differs(const struct dm_posture_side *declared,
    const struct dm_posture_side *effective, enum dm_posture_check check)
{
	if (check == DM_POSTURE_CAPS_ADDED && declared->caps_seen &&
	    effective->caps_seen)
		return (effective->caps & ~declared->caps) != 0;
	return dm_posture_has(effective->found & ~declared->found, check);
}

unsigned dm_posture_score(uint64_t found)
{
	unsigned lost = 0;

	for (unsigned i = 0; i < DM_POSTURE_N; i++) {
		if (dm_posture_has(found, i))
			lost +=
			    dm_posture_weights[dm_posture_table[i].severity];
	}
	return lost < 100 ? 100 - lost : 0;
}
