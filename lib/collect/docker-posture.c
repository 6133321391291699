/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/posture.h"

#include "collect/docker-answer.h"

/* An array's texts; what is none gives an empty one. */
static struct dm_str text_in(const json_t *array, size_t i)
{
	return dm_docker_text(json_array_get(array, i));
}

static bool has_text(const json_t *array, const char *text)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (dm_str_is(text_in(array, i), text))
			return true;
	}
	return false;
}

static void see_modes(struct dm_posture_side *s, const json_t *config)
{
	static const struct {
		const char *key;
		enum dm_posture_check check;
		bool only_host; /* nothing said is not to say no */
	} modes[] = {
	    {"PidMode", DM_POSTURE_HOST_PID, false},
	    {"NetworkMode", DM_POSTURE_HOST_NETWORK, false},
	    {"IpcMode", DM_POSTURE_HOST_IPC, false},
	    {"UTSMode", DM_POSTURE_HOST_UTS, false},
	    {"UsernsMode", DM_POSTURE_HOST_USER, true},
	    {"CgroupnsMode", DM_POSTURE_HOST_CGROUP, true},
	};

	for (size_t i = 0; i < DM_COUNT(modes); i++) {
		const json_t *mode = json_object_get(config, modes[i].key);
		struct dm_str text = dm_docker_text(mode);

		if (json_is_string(mode) && (text.n || !modes[i].only_host))
			dm_posture_see(
			    s, modes[i].check, dm_str_is(text, "host"));
	}
}

static uint64_t named_caps(const json_t *names, bool *ret_all)
{
	uint64_t caps = 0;

	*ret_all = false;
	for (size_t i = 0; i < json_array_size(names); i++) {
		struct dm_str name = text_in(names, i);
		int cap = dm_posture_cap(name);

		if (cap >= 0)
			caps |= UINT64_C(1) << cap;
		else if (dm_str_is(name, "ALL") || dm_str_is(name, "all"))
			*ret_all = true;
	}
	return caps;
}

/* Source: moby, oci/caps/utils.go, TweakCapabilities. */
static void see_caps(
    struct dm_posture_side *s, const json_t *config, bool privileged)
{
	bool add_all, drop_all;
	uint64_t add = named_caps(json_object_get(config, "CapAdd"), &add_all);
	uint64_t drop =
	    named_caps(json_object_get(config, "CapDrop"), &drop_all);
	uint64_t caps = DM_POSTURE_CAPS_DEFAULT;

	if (privileged)
		caps = DM_POSTURE_CAPS_ALL;
	else if (add_all)
		caps = DM_POSTURE_CAPS_ALL & ~drop;
	else if (drop_all)
		caps = add;
	else
		caps = (caps & ~drop) | add;
	dm_posture_see_caps(s, caps);
}

/* The value of "seccomp=unconfined", formerly with a colon. */
static bool option(
    const json_t *options, const char *key, struct dm_str *ret_value)
{
	size_t n = strlen(key);

	for (size_t i = 0; i < json_array_size(options); i++) {
		struct dm_str text = text_in(options, i);

		if (!dm_str_starts(text, key) || text.n <= n ||
		    (text.p[n] != '=' && text.p[n] != ':'))
			continue;
		*ret_value = (struct dm_str){text.p + n + 1, text.n - n - 1};
		return true;
	}
	return false;
}

static bool option_is(const json_t *options, const char *key, const char *value)
{
	struct dm_str text;

	return option(options, key, &text) && dm_str_is(text, value);
}

static void see_options(struct dm_posture_side *s, const json_t *answer,
    const json_t *config, bool privileged)
{
	const json_t *options = json_object_get(config, "SecurityOpt");
	struct dm_str profile = dm_docker_text_at(answer, "AppArmorProfile");
	struct dm_str seccomp;
	bool kept = has_text(options, "no-new-privileges") ||
		    option_is(options, "no-new-privileges", "true");

	dm_posture_see(s, DM_POSTURE_NEW_PRIVILEGES, !kept);
	dm_posture_see(s, DM_POSTURE_SECCOMP_OFF,
	    option_is(options, "seccomp", "unconfined") ||
		(privileged && !option(options, "seccomp", &seccomp)));
	/* Where the kernel has none of these two, none is named. */
	if (option_is(options, "apparmor", "unconfined") || profile.n)
		dm_posture_see(s, DM_POSTURE_APPARMOR_OFF,
		    profile.n == 0 || dm_str_is(profile, "unconfined"));
	if (option_is(options, "label", "disable"))
		dm_posture_see(s, DM_POSTURE_SELINUX_OFF, true);
}

static void see_user(struct dm_posture_side *s, const json_t *answer)
{
	const json_t *config = json_object_get(answer, "Config");
	struct dm_str rest = dm_docker_text_at(config, "User");
	struct dm_str user = {"", 0};

	if (!json_is_object(config))
		return;
	(void)dm_str_cut(&rest, ':', &user);
	dm_posture_see(s, DM_POSTURE_ROOT_USER,
	    user.n == 0 || dm_str_is(user, "0") || dm_str_is(user, "root"));
}

static void see_mount(struct dm_posture_side *s, const json_t *mount)
{
	struct dm_str source = dm_docker_text_at(mount, "Source");
	struct dm_str point = dm_docker_text_at(mount, "Destination");
	struct dm_str spread = dm_docker_text_at(mount, "Propagation");
	bool writable = json_is_true(json_object_get(mount, "RW"));

	if (source.n == 0 || source.p[0] != '/')
		return;
	dm_posture_see_path(s, source, point, writable);
	if (dm_str_is(spread, "shared") || dm_str_is(spread, "rshared"))
		dm_posture_find(s, DM_POSTURE_MOUNT_SHARED, point);
	if (writable && dm_str_starts(source, "/sys/fs/cgroup"))
		dm_posture_see(s, DM_POSTURE_CGROUP_WRITABLE, true);
	if (writable && dm_str_is(source, "/sys"))
		dm_posture_see(s, DM_POSTURE_SYS_WRITABLE, true);
}

static void see_mounts(
    struct dm_posture_side *s, const json_t *answer, bool privileged)
{
	const json_t *mounts = json_object_get(answer, "Mounts");

	if (!json_is_array(mounts))
		return;
	for (size_t i = 0; i < json_array_size(mounts); i++)
		see_mount(s, json_array_get(mounts, i));
	for (unsigned i = DM_POSTURE_RUNTIME_SOCKET;
	     i <= DM_POSTURE_HOST_PATH_READ; i++)
		dm_posture_see(s, i, false);
	dm_posture_see(s, DM_POSTURE_MOUNT_SHARED, false);
	dm_posture_see(s, DM_POSTURE_SYS_WRITABLE, privileged);
	dm_posture_see(s, DM_POSTURE_CGROUP_WRITABLE, privileged);
}

/* Disks, and the memory of the machine. */
static bool is_disk(struct dm_str path)
{
	static const char *const starts[] = {"/dev/sd", "/dev/vd", "/dev/xvd",
	    "/dev/hd", "/dev/nvme", "/dev/dm-", "/dev/md", "/dev/mmcblk",
	    "/dev/loop", "/dev/mapper", "/dev/disk", "/dev/mem", "/dev/kmem",
	    "/dev/port"};

	for (size_t i = 0; i < DM_COUNT(starts); i++) {
		if (dm_str_starts(path, starts[i]))
			return true;
	}
	return dm_str_is(path, "/dev") || dm_str_is(path, "/dev/");
}

static void see_devices(
    struct dm_posture_side *s, const json_t *config, bool privileged)
{
	const json_t *devices = json_object_get(config, "Devices");
	const json_t *rules = json_object_get(config, "DeviceCgroupRules");

	for (size_t i = 0; i < json_array_size(devices); i++) {
		struct dm_str path =
		    dm_docker_text_at(json_array_get(devices, i), "PathOnHost");

		dm_posture_find(s,
		    is_disk(path) ? DM_POSTURE_HOST_DISK
				  : DM_POSTURE_HOST_DEVICE,
		    path);
	}
	for (size_t i = 0; i < json_array_size(rules); i++)
		dm_posture_find(s, DM_POSTURE_HOST_DEVICE, text_in(rules, i));
	if (privileged)
		dm_posture_find(
		    s, DM_POSTURE_HOST_DISK, DM_STR("all (privileged)"));
	dm_posture_see(s, DM_POSTURE_HOST_DISK, false);
	dm_posture_see(s, DM_POSTURE_HOST_DEVICE, false);
}

static void see_limits(struct dm_posture_side *s, const json_t *config)
{
	dm_posture_see(s, DM_POSTURE_MEMORY_UNLIMITED,
	    dm_docker_count_at(config, "Memory") == 0);
	dm_posture_see(s, DM_POSTURE_PIDS_UNLIMITED,
	    dm_docker_count_at(config, "PidsLimit") == 0);
	dm_posture_see(s, DM_POSTURE_CPU_UNLIMITED,
	    dm_docker_count_at(config, "NanoCpus") == 0 &&
		dm_docker_count_at(config, "CpuQuota") == 0);
	dm_posture_see(s, DM_POSTURE_ROOTFS_WRITABLE,
	    !json_is_true(json_object_get(config, "ReadonlyRootfs")));
}

/* Older engines have no such lists; null is what a privileged one has. */
static void see_proc(
    struct dm_posture_side *s, const json_t *config, bool privileged)
{
	const json_t *masked = json_object_get(config, "MaskedPaths");
	const json_t *readonly = json_object_get(config, "ReadonlyPaths");

	if (json_is_array(masked) || privileged)
		dm_posture_see(
		    s, DM_POSTURE_PROC_UNMASKED, json_array_size(masked) == 0);
	if (json_is_array(readonly) || privileged)
		dm_posture_see(s, DM_POSTURE_PROC_SYS_WRITABLE,
		    !has_text(readonly, "/proc/sys"));
}

/* Images. Source: distribution/reference, normalize.go: the first part is a
 * host if it has a dot or a port, or is localhost. */
static struct dm_str registry_of(struct dm_str image)
{
	const char *slash = image.n ? memchr(image.p, '/', image.n) : NULL;
	struct dm_str first = image;

	if (!slash)
		return DM_STR("docker.io");
	first.n = (size_t)(slash - image.p);
	if (!memchr(first.p, '.', first.n) && !memchr(first.p, ':', first.n) &&
	    !dm_str_is(first, "localhost"))
		return DM_STR("docker.io");
	return first;
}

static bool is_latest(struct dm_str image)
{
	const char *slash = memrchr(image.p, '/', image.n);
	const char *name = slash ? slash + 1 : image.p;
	const char *tag = memchr(name, ':', image.n - (size_t)(name - image.p));

	return !tag || dm_str_ends(image, ":latest");
}

static void see_image(struct dm_posture_side *s, struct dm_str image,
    const char *const *registries, size_t n)
{
	struct dm_str registry = registry_of(image);
	bool id = dm_str_starts(image, "sha256:");
	bool pinned = id || memmem(image.p, image.n, "@sha256:", 8);
	bool known = n == 0;

	for (size_t i = 0; i < n; i++)
		known = known || dm_str_is(registry, registries[i]);
	if (!pinned)
		dm_posture_find(s, DM_POSTURE_IMAGE_UNPINNED, image);
	if (!pinned && is_latest(image))
		dm_posture_find(s, DM_POSTURE_IMAGE_LATEST, image);
	if (!known && !id)
		dm_posture_find(s, DM_POSTURE_IMAGE_REGISTRY, registry);
	dm_posture_see(s, DM_POSTURE_IMAGE_UNPINNED, false);
	dm_posture_see(s, DM_POSTURE_IMAGE_LATEST, false);
	if (n && !id)
		dm_posture_see(s, DM_POSTURE_IMAGE_REGISTRY, false);
}

void dm_docker_posture_read(const json_t *answer, const char *const *registries,
    size_t n, struct dm_posture_side *ret)
{
	const json_t *config = json_object_get(answer, "HostConfig");
	struct dm_str image =
	    dm_docker_text_at(json_object_get(answer, "Config"), "Image");
	bool privileged = json_is_true(json_object_get(config, "Privileged"));

	dm_posture_side_clear(ret);
	see_user(ret, answer);
	see_mounts(ret, answer, privileged);
	if (image.n)
		see_image(ret, image, registries, n);
	if (!json_is_object(config))
		return;
	dm_posture_see(ret, DM_POSTURE_PRIVILEGED, privileged);
	see_modes(ret, config);
	see_caps(ret, config, privileged);
	see_options(ret, answer, config, privileged);
	see_devices(ret, config, privileged);
	see_limits(ret, config);
	see_proc(ret, config, privileged);
}
