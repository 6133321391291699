/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* Which disks a host uses, by a tree of sysfs that the test makes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "collect/disks.h"

static char root[] = "/tmp/dmon-disks.XXXXXX";

static void run(const char *command)
{
	char line[512];

	snprintf(line, sizeof(line), "cd %s && %s", root, command);
	assert_int_equal(system(line), 0);
}

static void file(const char *path, const char *text)
{
	char whole[512];
	FILE *f;

	snprintf(whole, sizeof(whole), "%s/%s", root, path);
	f = fopen(whole, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* @of  the disk that it is a partition of, or "" */
static void disk(const char *of, const char *name, const char *number)
{
	char s[256];

	snprintf(s, sizeof(s), "mkdir -p devices/%s/%s/slaves", of, name);
	run(s);
	snprintf(s, sizeof(s), "devices/%s/%s/dev", of, name);
	file(s, number);
	snprintf(s, sizeof(s), "devices/%s/%s/partition", of, name);
	if (*of)
		file(s, "1\n");
	snprintf(s, sizeof(s), "ln -s ../../devices/%s/%s dev/block/%s", of,
	    name, number);
	run(s);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(root))
		return -1;
	run("mkdir -p dev/block 1");
	disk("", "sda", "8:0");
	disk("sda", "sda1", "8:1");
	disk("sda", "sda2", "8:2");
	disk("", "sdb", "8:16");
	disk("sdb", "sdb1", "8:17");
	disk("", "sdc", "8:32");
	disk("", "md0", "9:0");
	disk("", "dm-0", "253:0");
	disk("", "dm-1", "253:1");
	run("ln -s ../../md0 devices/dm-0/slaves/md0");
	run("ln -s ../../md0 devices/dm-1/slaves/md0");
	run("ln -s ../../sdb/sdb1 devices/md0/slaves/sdb1");
	run("ln -s ../../dm-0 devices/md0/slaves/dm-0"); /* round about */
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	run("rm -r dev devices 1 swaps");
	return rmdir(root);
}

static void test_disks(void **state)
{
	const struct dm_collect_options o = {
	    .procfs = root, .sysfs = root, .rootfs = root};
	struct dm_disks d;

	(void)state;
	file("1/mountinfo",
	    "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
	    "23 22 0:30 / /tmp rw shared:7 master:2 - tmpfs tmpfs rw\n"
	    "24 22 253:0 / /srv rw shared:1 - xfs /dev/mapper/v rw\n"
	    "25 22 0:41 / /b rw - btrfs /dev/none rw\n");
	file("swaps", "Filename Type Size Used Priority\n"
		      "/swapfile file 1048572 0 -2\n");
	assert_int_equal(dm_disks_init(&d, &o, NULL), 0);
	assert_true(dm_disks_has(&d, 8, 1));
	/* What it is a part of, and what that lies on, to the last. */
	assert_true(dm_disks_has(&d, 8, 0));
	assert_true(dm_disks_has(&d, 253, 0));
	assert_true(dm_disks_has(&d, 9, 0));
	assert_true(dm_disks_has(&d, 8, 17));
	assert_true(dm_disks_has(&d, 8, 16));
	/* Another part of it, what else lies upon it, others. */
	assert_false(dm_disks_has(&d, 8, 2));
	assert_false(dm_disks_has(&d, 253, 1));
	assert_false(dm_disks_has(&d, 8, 32));
	assert_false(dm_disks_has(&d, 0, 30));
	dm_disks_release(&d);
}

/* By the names of devices, of which it takes root to make some. */
static void test_names(void **state)
{
	const struct dm_collect_options o = {
	    .procfs = root, .sysfs = root, .rootfs = root};
	char path[64];
	struct dm_disks d;

	(void)state;
	snprintf(path, sizeof(path), "%s/dev/b", root);
	if (mknod(path, S_IFBLK | 0600, makedev(8, 2)) < 0)
		skip();
	snprintf(path, sizeof(path), "%s/dev/swap", root);
	assert_int_equal(mknod(path, S_IFBLK | 0600, makedev(8, 32)), 0);
	file("1/mountinfo", "25 22 0:41 / /b rw - btrfs /dev/b rw\n");
	file("swaps", "Filename Type Size Used Priority\n"
		      "/dev/swap partition 1048572 0 -2\n");
	assert_int_equal(dm_disks_init(&d, &o, NULL), 0);
	assert_true(dm_disks_has(&d, 8, 2));
	assert_true(dm_disks_has(&d, 8, 0));
	assert_true(dm_disks_has(&d, 8, 32));
	assert_false(dm_disks_has(&d, 8, 1));
	dm_disks_release(&d);
}

static void test_nothing(void **state)
{
	const struct dm_collect_options o = {
	    .procfs = "/nowhere", .sysfs = "/nowhere", .rootfs = "/nowhere"};
	struct dm_disks d;

	(void)state;
	assert_int_equal(dm_disks_init(&d, &o, NULL), 0);
	assert_false(dm_disks_has(&d, 8, 1));
	assert_false(dm_disks_has(&d, 8, 1));
	dm_disks_release(&d);
}

static void test_mount(void **state)
{
	struct dm_str source;
	uint64_t device;

	(void)state;
	assert_true(dm_disks_mount(
	    DM_STR("36 35 98:5 /mnt1 /mnt2 rw,noatime master:1 - ext3 "
		   "/dev/root rw"),
	    &device, &source));
	assert_int_equal(device, UINT64_C(98) << 32 | 5);
	assert_true(dm_str_is(source, "/dev/root"));
	assert_true(
	    dm_disks_mount(DM_STR("36 35 0:5 / /mnt2 rw - btrfs /dev/x rw"),
		&device, &source));
	assert_int_equal(device, 0);
	assert_true(dm_str_is(source, "/dev/x"));
	assert_true(
	    dm_disks_mount(DM_STR("36 35 98:5 / - rw"), &device, &source));
	assert_int_equal(source.n, 0);
	assert_false(dm_disks_mount(DM_STR(""), &device, &source));
	assert_false(dm_disks_mount(
	    DM_STR("36 35 98: / /x rw - ext3"), &device, &source));
	assert_false(dm_disks_mount(
	    DM_STR("36 35 4294967296:1 / /x rw"), &device, &source));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_disks),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_nothing),
	    cmocka_unit_test(test_mount),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
