/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As much as a thousand containers of a few processes each can use. */
#define DESCRIPTORS 131072

#define LOOK (1U << CAP_SYS_PTRACE | 1U << CAP_DAC_READ_SEARCH)
#define HEAR (1U << CAP_NET_ADMIN | 1U << CAP_NET_BROADCAST)
#define KEEP (LOOK | HEAR | 1U << CAP_SYS_NICE)
/* Those from the 33rd on. */
#define KEEP_HIGH CAP_TO_MASK(CAP_SYSLOG)

int dm_privileges_drop(bool *ret_all, struct dm_err *err)
{
	struct __user_cap_header_struct header = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return dm_err_errno(err, errno, "capget");
	data[0].permitted &= KEEP;
	data[1].permitted &= KEEP_HIGH;
	for (size_t i = 0; i < DM_COUNT(data); i++) {
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return dm_err_errno(err, errno, "capset");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return dm_err_errno(err, errno, "no_new_privs");
	*ret_all = (data[0].effective & LOOK) == LOOK;
	return 0;
}

#define NICE	 (-10)
#define REALTIME 1 /* the lowest */

void dm_privileges_priority(void)
{
	(void)setpriority(PRIO_PROCESS, 0, NICE);
}

void dm_privileges_realtime(bool on)
{
	const struct sched_param p = {.sched_priority = on ? REALTIME : 0};

	(void)sched_setscheduler(
	    0, (on ? SCHED_RR : SCHED_OTHER) | SCHED_RESET_ON_FORK, &p);
}

int dm_privileges_descriptors(struct dm_err *err)
{
	struct rlimit limit, most;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return dm_err_errno(err, errno, "getrlimit");
	if (limit.rlim_cur >= DESCRIPTORS)
		return 0;
	most = (struct rlimit){DESCRIPTORS, DESCRIPTORS};
	if (limit.rlim_max > DESCRIPTORS)
		most.rlim_max = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &most) == 0)
		return 0;
	/* Not allowed: up to the hard limit, then. */
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return dm_err_errno(err, errno, "setrlimit");
	return 0;
}
