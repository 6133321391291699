/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/disks.h"

/* As many are looked at in a sweep; where there are more, each process in one
 * of some sweeps, and of one process so many. */
#define FDS_PER_SWEEP 2000u
#define FDS_PER_LOOK  256u

#define MEM_MAJOR 1 /* drivers/char/mem.c */

/* "." and ".." come before descriptor 0: fs/proc/fd.c, proc_readfd_common. */
#define DOTS 2

static bool count_entries(int dir, uint64_t *ret)
{
	int fd = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char buf[4096] __attribute__((aligned(8)));
	uint64_t n = 0;
	ssize_t got = -1;

	while (fd >= 0 && (got = getdents64(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < got;) {
			const struct dirent64 *e = (const void *)(buf + i);

			n += e->d_name[0] != '.';
			i += e->d_reclen;
		}
	}
	if (fd >= 0)
		close(fd);
	if (got == 0)
		*ret = n;
	return got == 0;
}

/* Before Linux 6.2 they have to be counted, and that is done when their turn
 * has come only. */
static void count(const struct dm_proc_looker *l, struct dm_proc *p)
{
	struct dm_proc_open *open = &p->open;
	struct stat st;
	uint64_t n;

	if (!l->fd_count) {
		if (open->due)
			open->seen = count_entries(p->dir, &open->n);
		return;
	}
	open->seen = fstatat(p->dir, "fd", &st, 0) == 0;
	n = open->seen ? (uint64_t)st.st_size : 0;
	/* A round that has begun goes on: who opened and closed all the time
	 * would never be looked at beyond its first files. */
	if (n != open->n)
		open->due = open->again = true;
	open->n = n;
}

/* A descriptor is a link to what it stands for, whatever its text says. */
static void look_at(struct dm_proc_looker *l, struct dm_proc_open *open,
    int dir, const char *fd)
{
	struct dm_proc_devices *found = &open->found;
	struct statx st;

	if (!dm_proc_statx(dir, fd, STATX_TYPE, &st))
		return;
	if (S_ISBLK(st.stx_mode)) {
		found->block++;
		found->disk += dm_disks_has(
		    l->disks, st.stx_rdev_major, st.stx_rdev_minor);
	} else if (S_ISCHR(st.stx_mode) && st.stx_rdev_major == MEM_MAJOR &&
		   (st.stx_rdev_minor == 1 || st.stx_rdev_minor == 2 ||
		       st.stx_rdev_minor == 4)) {
		found->memory++; /* mem, kmem, port */
	}
}

/* Returns whether there are more. */
static bool walk(struct dm_proc_looker *l, struct dm_proc_open *open, int dir)
{
	char buf[8192] __attribute__((aligned(8)));
	unsigned looked = 0;
	ssize_t got;

	while ((got = getdents64(dir, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < got;) {
			const struct dirent64 *e = (const void *)(buf + i);
			uint64_t fd;

			i += e->d_reclen;
			if (!dm_str_u64(dm_str(e->d_name), &fd))
				continue;
			if (looked++ == FDS_PER_LOOK) {
				open->next = (uint32_t)fd;
				return true;
			}
			look_at(l, open, dir, e->d_name);
		}
	}
	return false;
}

static void look_devices(struct dm_proc_looker *l, struct dm_proc *p)
{
	struct dm_proc_open *open = &p->open;
	bool more;
	int dir = openat(p->dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0) {
		open->due = false;
		return;
	}
	if (open->next) {
		(void)lseek(dir, (off_t)open->next + DOTS, SEEK_SET);
	} else {
		open->found = (struct dm_proc_devices){0};
		open->again = false;
	}
	more = walk(l, open, dir);
	close(dir);
	if (!more)
		open->next = 0;
	open->due = more || open->again;
	/* What is there is told at once, what is gone when all is known. */
	if (!more || open->found.block > open->shown.block ||
	    open->found.memory > open->shown.memory)
		open->shown = open->found;
}

unsigned dm_proc_given_disks(struct dm_proc_looker *l, int dir)
{
	struct dm_proc_open open = {0};
	char name[] = "fd/0";

	for (; l->live && name[3] <= '9'; name[3]++)
		look_at(l, &open, dir, name);
	return open.found.disk;
}

void dm_proc_look_fds(struct dm_proc_looker *l, struct dm_proc *p)
{
	unsigned turns = (unsigned)(l->fds_last / FDS_PER_SWEEP) + 1;
	struct dm_proc_open *open = &p->open;

	count(l, p);
	if (!open->due || !l->live || !l->disks)
		return;
	l->fds += open->n < FDS_PER_LOOK ? open->n : FDS_PER_LOOK;
	if (p->first || ((uint64_t)p->pid + l->sweep) % turns == 0)
		look_devices(l, p);
}
