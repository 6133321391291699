/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/posture.h"

#include <linux/capability.h>
#include <strings.h>

/* By number. Source: include/uapi/linux/capability.h. */
static const char *const names[] = {"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH",
    "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
    "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN",
    "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT",
    "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
    "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE",
    "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN",
    "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
    "CHECKPOINT_RESTORE"};

#define BIT(cap) (UINT64_C(1) << (cap))

/* Those of ContainerDangerousCapabilities, and BPF, which reads and changes
 * what the kernel does. */
#define DANGEROUS                                                              \
	(BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_SYS_MODULE) | BIT(CAP_SYS_RAWIO) | \
	    BIT(CAP_SYS_PTRACE) | BIT(CAP_SYS_ADMIN) | BIT(39))

int dm_posture_cap(struct dm_str name)
{
	if (name.n > 4 && strncasecmp(name.p, "CAP_", 4) == 0) {
		name.p += 4;
		name.n -= 4;
	}
	for (size_t i = 0; i < DM_COUNT(names); i++) {
		if (name.n == strlen(names[i]) &&
		    strncasecmp(name.p, names[i], name.n) == 0)
			return (int)i;
	}
	return -1;
}

static void find_each(
    struct dm_posture_side *s, enum dm_posture_check check, uint64_t caps)
{
	dm_posture_see(s, check, caps != 0);
	for (size_t i = 0; i < DM_COUNT(names); i++) {
		if (caps >> i & 1)
			dm_posture_find(s, check, dm_str(names[i]));
	}
}

void dm_posture_see_caps(struct dm_posture_side *s, uint64_t caps)
{
	s->caps = caps;
	s->caps_seen = true;
	find_each(s, DM_POSTURE_CAPS_DANGEROUS, caps & DANGEROUS);
	find_each(s, DM_POSTURE_CAPS_ADDED, caps & ~DM_POSTURE_CAPS_DEFAULT);
	dm_posture_see(s, DM_POSTURE_CAPS_KEPT, caps != 0);
}
