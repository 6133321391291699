/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/file.h"
#include "collect/docker-answer.h"
#include "collect/posture.h"

#define TREE "tests/fixtures/posture/"

static struct dm_posture_side side;
static struct dm_buf text;

static int release(void **state)
{
	(void)state;
	dm_posture_side_release(&side);
	dm_buf_release(&text);
	return 0;
}

static void load(const char *name)
{
	DM_AUTO_BUF struct dm_buf path = {0};
	struct dm_err err;

	dm_buf_addf(&path, TREE "%s", name);
	dm_buf_clear(&text);
	if (dm_file_read(dm_buf_cstr(&path), 1 << 20, &text, &err) < 0)
		fail_msg("%s", err.msg);
}

static const char *list(uint64_t bits)
{
	static struct dm_buf b;

	dm_buf_clear(&b);
	for (unsigned i = 0; i < DM_POSTURE_N; i++) {
		if (dm_posture_has(bits, i))
			dm_buf_addf(&b, "%s ", dm_posture_table[i].name);
	}
	return dm_buf_cstr(&b);
}

static void declare(const char *json, const char *const *registries, size_t n)
{
	struct dm_err err;
	json_t *answer = dm_docker_parse(dm_str(json), &err);

	assert_non_null(answer);
	dm_docker_posture_read(answer, registries, n, &side);
	json_decref(answer);
}

static const char *note(enum dm_posture_check check)
{
	return dm_buf_cstr(&side.notes[check]);
}

#define NO_LIMITS "memory-unlimited pids-unlimited cpu-unlimited "
#define USUAL	  "capabilities-kept new-privileges root-user "
#define IMAGE	  "rootfs-writable image-unpinned "

/* What docker inspect said of containers made by docker run with …; see
 * tests/fixtures/posture/README. */
static void recorded_answers(void **state)
{
	static const struct {
		const char *file, *found;
	} of[] = {
	    {"plain.json", USUAL "host-cgroup " NO_LIMITS IMAGE},
	    {"hard.json", "image-unpinned "},
	    {"privileged.json",
		"privileged host-disk proc-sys-writable proc-unmasked "
		"sys-writable cgroup-writable capabilities-dangerous "
		"capabilities-added capabilities-kept seccomp-off selinux-off "
		"new-privileges root-user host-cgroup " NO_LIMITS IMAGE},
	    {"socket.json",
		"runtime-socket " USUAL "host-cgroup " NO_LIMITS IMAGE},
	    {"root.json", "host-root " USUAL "host-cgroup " NO_LIMITS IMAGE},
	    {"folders.json",
		"runtime-socket host-path-write host-path-read " USUAL
		"host-cgroup " NO_LIMITS IMAGE},
	    {"open.json", "proc-sys-writable proc-unmasked capabilities-kept "
			  "seccomp-off apparmor-off selinux-off new-privileges "
			  "root-user host-pid host-ipc host-uts host-user "
			  "host-cgroup " NO_LIMITS IMAGE},
	    {"devices.json",
		"host-device capabilities-dangerous capabilities-added " USUAL
		"host-cgroup " NO_LIMITS IMAGE},
	    {"disk.json", "host-disk " USUAL "host-cgroup " NO_LIMITS IMAGE},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(of); i++) {
		load(of[i].file);
		declare(dm_buf_cstr(&text), NULL, 0);
		if (strcmp(list(side.found), of[i].found) != 0)
			fail_msg("%s: %s, not %s", of[i].file, list(side.found),
			    of[i].found);
	}
}

static void what_was_found(void **state)
{
	(void)state;
	load("folders.json");
	declare(dm_buf_cstr(&text), NULL, 0);
	assert_string_equal(
	    note(DM_POSTURE_HOST_PATH_WRITE), "/etc at /host/etc (rw)");
	assert_string_equal(
	    note(DM_POSTURE_HOST_PATH_READ), "/proc at /host/proc (ro)");
	assert_string_equal(note(DM_POSTURE_RUNTIME_SOCKET), "/run at /r (rw)");
	load("devices.json");
	declare(dm_buf_cstr(&text), NULL, 0);
	assert_string_equal(
	    note(DM_POSTURE_HOST_DEVICE), "/dev/null, b 8:* rwm");
	assert_string_equal(note(DM_POSTURE_CAPS_ADDED), "SYS_ADMIN");
	assert_int_equal(side.caps,
	    (DM_POSTURE_CAPS_DEFAULT | 1 << 21) & ~UINT64_C(0x8000000));
}

/* What is missing or of another type leaves the check open. */
static void hostile_answers(void **state)
{
	static const char *const nothing[] = {"{}", "{\"HostConfig\":[]}",
	    "{\"HostConfig\":null,\"Mounts\":{},\"Config\":7}"};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(nothing); i++) {
		declare(nothing[i], NULL, 0);
		assert_string_equal(list(side.seen), "");
	}
	declare("{\"HostConfig\":{\"PidMode\":7,\"CapAdd\":[7,null,\"\","
		"\"SYS_WHATEVER\",\"cap_sys_admin\"],\"CapDrop\":\"ALL\","
		"\"SecurityOpt\":[{},\"seccomp\",\"seccomp=\"],"
		"\"Devices\":[7,{\"PathOnHost\":[]}],\"Memory\":\"1\","
		"\"PidsLimit\":-1},"
		"\"Mounts\":[null,{},{\"Source\":\"etc\"},{\"Source\":\"/\"}]}",
	    NULL, 0);
	assert_string_equal(list(side.found),
	    "host-root host-device capabilities-dangerous capabilities-added "
	    "capabilities-kept new-privileges " NO_LIMITS "rootfs-writable ");
	assert_false(dm_posture_has(side.seen, DM_POSTURE_HOST_PID));
	assert_false(dm_posture_has(side.seen, DM_POSTURE_ROOT_USER));
	assert_string_equal(note(DM_POSTURE_HOST_ROOT), "/ at  (ro)");
}

static void long_notes(void **state)
{
	char path[402];

	(void)state;
	dm_posture_side_clear(&side);
	/* 254 bytes, then a character of which one byte would fit. */
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	memcpy(path + 255, "\xc3\xa9", 2);
	dm_posture_find(&side, DM_POSTURE_HOST_DEVICE, dm_str(path));
	dm_posture_find(&side, DM_POSTURE_HOST_DEVICE, DM_STR("more"));
	assert_int_equal(side.notes[DM_POSTURE_HOST_DEVICE].n, 255 + 3);
	assert_string_equal(note(DM_POSTURE_HOST_DEVICE) + 253, "aa...");
}

static void images(void **state)
{
	static const char *const known[] = {"ghcr.io", "localhost:5000"};
	static const struct {
		const char *image, *found;
	} of[] = {
	    {"alpine", "image-unpinned image-latest image-registry "},
	    {"alpine:latest", "image-unpinned image-latest image-registry "},
	    {"alpine:3.19", "image-unpinned image-registry "},
	    {"me/alpine:3.19", "image-unpinned image-registry "},
	    {"alpine@sha256:00ff", "image-registry "},
	    {"sha256:00ff", ""},
	    {"ghcr.io/me/alpine:3", "image-unpinned "},
	    {"ghcr.io.evil.example/alpine:3", "image-unpinned image-registry "},
	    {"localhost:5000/alpine", "image-unpinned image-latest "},
	    {"localhost/alpine:1", "image-unpinned image-registry "},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(of); i++) {
		DM_AUTO_BUF struct dm_buf json = {0};

		dm_buf_addf(
		    &json, "{\"Config\":{\"Image\":\"%s\"}}", of[i].image);
		declare(dm_buf_cstr(&json), known, DM_COUNT(known));
		side.found &= ~(UINT64_C(1) << DM_POSTURE_ROOT_USER);
		if (strcmp(list(side.found), of[i].found) != 0)
			fail_msg("%s: %s", of[i].image, list(side.found));
	}
	declare("{\"Config\":{\"Image\":\"x/y:1\"}}", NULL, 0);
	assert_false(dm_posture_has(side.seen, DM_POSTURE_IMAGE_REGISTRY));
}

static void options(void **state)
{
	static const struct {
		const char *json, *found;
	} of[] = {
	    {"\"SecurityOpt\":[\"no-new-privileges\"]", ""},
	    {"\"SecurityOpt\":[\"no-new-privileges:true\"]", ""},
	    {"\"SecurityOpt\":[\"no-new-privileges=false\"]",
		"new-privileges "},
	    {"\"SecurityOpt\":[\"no-new-privileges\","
	     "\"seccomp:unconfined\"]",
		"seccomp-off "},
	    {"\"SecurityOpt\":[\"no-new-privileges\",\"seccomp={}\","
	     "\"label:disable\"]",
		"selinux-off "},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(of); i++) {
		DM_AUTO_BUF struct dm_buf json = {0};

		dm_buf_addf(&json,
		    "{\"HostConfig\":{\"CapDrop\":[\"ALL\"],\"Memory\":1,"
		    "\"PidsLimit\":1,\"NanoCpus\":1,\"ReadonlyRootfs\":true,"
		    "%s}}",
		    of[i].json);
		declare(dm_buf_cstr(&json), NULL, 0);
		if (strcmp(list(side.found), of[i].found) != 0)
			fail_msg("%s: %s", of[i].json, list(side.found));
	}
	declare("{\"AppArmorProfile\":\"docker-default\",\"HostConfig\":{}}",
	    NULL, 0);
	assert_true(
	    dm_posture_has(side.seen & ~side.found, DM_POSTURE_APPARMOR_OFF));
}

static void capabilities(void **state)
{
	(void)state;
	assert_int_equal(dm_posture_cap(DM_STR("CHOWN")), 0);
	assert_int_equal(dm_posture_cap(DM_STR("cap_sys_admin")), 21);
	assert_int_equal(dm_posture_cap(DM_STR("CHECKPOINT_RESTORE")), 40);
	assert_int_equal(dm_posture_cap(DM_STR("CAP_")), -1);
	assert_int_equal(dm_posture_cap(DM_STR("SYS_ADMIN ")), -1);
	declare("{\"HostConfig\":{\"CapAdd\":[\"ALL\"],"
		"\"CapDrop\":[\"SYS_ADMIN\"]}}",
	    NULL, 0);
	assert_int_equal(side.caps, DM_POSTURE_CAPS_ALL & ~(1 << 21));
	declare("{\"HostConfig\":{\"CapAdd\":[\"CAP_BPF\"],"
		"\"CapDrop\":[\"ALL\"]}}",
	    NULL, 0);
	assert_int_equal(side.caps, UINT64_C(1) << 39);
}

/* Mounts. */

static void look(const char *host, const char *mountinfo)
{
	struct dm_posture_mounts mounts = {0};
	struct dm_err err;

	if (strchr(mountinfo, ' ')) {
		dm_buf_clear(&text);
		dm_buf_add_cstr(&text, host);
	} else {
		load(host);
	}
	assert_int_equal(
	    dm_posture_mounts_read(&mounts, dm_buf_str(&text), &err), 0);
	if (!strchr(mountinfo, ' '))
		load(mountinfo);
	dm_posture_side_clear(&side);
	dm_posture_see_mounts(&side, &mounts,
	    strchr(mountinfo, ' ') ? dm_str(mountinfo) : dm_buf_str(&text));
	dm_posture_mounts_release(&mounts);
}

static void recorded_mounts(void **state)
{
	(void)state;
	look("host.mountinfo", "plain.mountinfo");
	assert_string_equal(list(side.found), "rootfs-writable ");
	look("host.mountinfo", "open.mountinfo");
	assert_string_equal(list(side.found),
	    "proc-sys-writable proc-unmasked rootfs-writable ");
	look("host.mountinfo", "folders.mountinfo");
	assert_string_equal(list(side.found),
	    "runtime-socket host-path-write host-path-read rootfs-writable ");
	assert_string_equal(
	    note(DM_POSTURE_HOST_PATH_WRITE), "/etc at /host/etc (rw)");
	/* All that lies below / on the host comes along. */
	look("host.mountinfo", "root.mountinfo");
	assert_true(dm_posture_has(side.found, DM_POSTURE_HOST_ROOT));
	assert_false(dm_posture_has(side.found, DM_POSTURE_HOST_PATH_WRITE));
	assert_false(dm_posture_has(side.found, DM_POSTURE_HOST_PATH_READ));
	assert_string_equal(note(DM_POSTURE_HOST_ROOT), "/ at /host (ro)");
}

#define HOST                                                                   \
	"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"                                 \
	"2 1 8:2 /@usr /usr rw - btrfs /dev/sda2 rw\n"                         \
	"3 1 0:20 / /run rw - tmpfs tmpfs rw\n"                                \
	"4 1 8:1 /srv/etc /srv/bound rw - ext4 /dev/sda1 rw\n"                 \
	"5 1 0:5 / /proc rw - proc proc rw\n"

static void made_up_mounts(void **state)
{
	static const struct {
		const char *line, *found;
	} of[] = {
	    /* A disk of the host, mounted from within. */
	    {"9 8 8:1 / /mnt rw - ext4 /dev/sda1 rw", "host-root "},
	    {"9 8 8:1 /etc /mnt rw shared:1 - ext4 /dev/sda1 rw",
		"host-path-write "},
	    {"9 8 8:1 /etcetera /mnt rw - ext4 /dev/sda1 rw", ""},
	    {"9 8 8:1 /etc/ssl /mnt ro - ext4 /dev/sda1 rw", ""},
	    {"9 8 8:1 /etc/shadow /mnt rw - ext4 /dev/sda1 ro",
		"host-path-read "},
	    {"9 8 8:2 /@usr/bin /mnt rw - btrfs x rw", "host-path-write "},
	    {"9 8 8:2 /@home /mnt rw - btrfs x rw", ""},
	    {"9 8 0:20 /docker.sock /s ro - tmpfs tmpfs rw", "runtime-socket "},
	    {"9 8 0:20 / /s ro - tmpfs tmpfs rw", "runtime-socket "},
	    {"9 8 0:5 / /host/proc rw - proc proc rw", "host-path-write "},
	    /* --pid host: its own /proc is the host's, but none of these. */
	    {"9 8 0:5 / /proc ro - proc proc rw", ""},
	    {"9 8 0:9 / /sys rw - sysfs sysfs rw", "sys-writable "},
	    {"9 8 0:9 / /c rw - cgroup2 cgroup2 rw", "cgroup-writable "},
	    {"9 8 0:9 / /c rw - cgroup2 cgroup2 ro", ""},
	    {"nonsense", ""},
	    {"9 8 8:1 / /mnt rw ext4 /dev/sda1 rw", ""},
	    {"9 8 8:99999999999999 / /mnt rw - ext4 /dev/sda1 rw", ""},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(of); i++) {
		DM_AUTO_BUF struct dm_buf b = {0};

		dm_buf_addf(&b, "8 1 0:99 / / ro - overlay overlay rw\n%s\n",
		    of[i].line);
		look(HOST, dm_buf_cstr(&b));
		if (strcmp(list(side.found), of[i].found) != 0)
			fail_msg("%s: %s", of[i].line, list(side.found));
	}
	look(HOST, "9 8 8:1 /srv/etc/x /y rw - ext4 /dev/sda1 rw\n");
	assert_string_equal(list(side.found), "");
	dm_posture_side_clear(&side);
	dm_posture_see_mounts(
	    &side, &(struct dm_posture_mounts){0}, (struct dm_str){"", 0});
	assert_int_equal(side.seen, 0);
}

static void attributes(void **state)
{
	static const struct {
		const char *text, *seen, *found;
	} of[] = {
	    {"", "", ""},
	    {"\n", "", ""},
	    {"unconfined\n", "apparmor-off ", "apparmor-off "},
	    {"docker-default (enforce)\n", "apparmor-off ", ""},
	    {"docker-default (complain)\n", "apparmor-off ", "apparmor-off "},
	    {"system_u:system_r:container_t:s0:c1,c2", "selinux-off ", ""},
	    {"system_u:system_r:spc_t:s0", "selinux-off ", "selinux-off "},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(of); i++) {
		dm_posture_side_clear(&side);
		dm_posture_see_attr(&side, dm_str(of[i].text));
		assert_string_equal(list(side.seen), of[i].seen);
		assert_string_equal(list(side.found), of[i].found);
	}
}

static void differences(void **state)
{
	struct dm_posture_side declared = {0}, effective = {0};

	(void)state;
	dm_posture_see(&declared, DM_POSTURE_SECCOMP_OFF, false);
	dm_posture_see(&effective, DM_POSTURE_SECCOMP_OFF, true);
	dm_posture_see(&declared, DM_POSTURE_ROOT_USER, true);
	dm_posture_see(&effective, DM_POSTURE_ROOT_USER, false);
	assert_true(
	    dm_posture_differs(&declared, &effective, DM_POSTURE_SECCOMP_OFF));
	/* Less than was asked for is no finding. */
	assert_false(
	    dm_posture_differs(&declared, &effective, DM_POSTURE_ROOT_USER));
	/* Both beyond the default, but one that was dropped is there. */
	dm_posture_see_caps(&declared, 1 << 21);
	dm_posture_see_caps(&effective, 1 << 21 | 1 << 13);
	assert_true(
	    dm_posture_differs(&declared, &effective, DM_POSTURE_CAPS_ADDED));
	assert_false(
	    dm_posture_differs(&effective, &declared, DM_POSTURE_CAPS_ADDED));
	dm_posture_side_release(&declared);
	dm_posture_side_release(&effective);
}

static void scores(void **state)
{
	(void)state;
	assert_int_equal(dm_posture_score(0), 100);
	assert_int_equal(dm_posture_score(UINT64_C(1) << DM_POSTURE_ROOT_USER |
					  UINT64_C(1) << DM_POSTURE_HOST_PID |
					  UINT64_C(1) << DM_POSTURE_HOST_ROOT),
	    100 - 2 - 10 - 40);
	assert_int_equal(dm_posture_score(UINT64_MAX), 0);
	for (unsigned i = 0; i < DM_POSTURE_N; i++)
		assert_non_null(dm_posture_table[i].advice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(recorded_answers),
	    cmocka_unit_test(what_was_found),
	    cmocka_unit_test(hostile_answers),
	    cmocka_unit_test(long_notes),
	    cmocka_unit_test(images),
	    cmocka_unit_test(options),
	    cmocka_unit_test(capabilities),
	    cmocka_unit_test(recorded_mounts),
	    cmocka_unit_test(made_up_mounts),
	    cmocka_unit_test(attributes),
	    cmocka_unit_test(differences),
	    cmocka_unit_test(scores),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, release);
}
