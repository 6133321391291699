/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/docker-log.h"

#include <ctype.h>

#define PATH_BYTES_MAX 4096
#define FILES_MAX      100000

/* What the driver `local` has where nothing else was asked for. Source:
 * moby, daemon/logger/local/config.go. */
#define LOCAL_FILE_BYTES (UINT64_C(20) << 20)
#define LOCAL_FILES	 5

/* Is this letter, of either case, there? */
static bool is_at(struct dm_str text, size_t i, char letter)
{
	return i < text.n && tolower((unsigned char)text.p[i]) == letter;
}

/* Source: docker/go-units, size.go: digits, perhaps a fraction, a letter, and
 * i and b at will. */
uint64_t dm_docker_size(struct dm_str text, unsigned unit)
{
	static const char units[] = "kmgtp";
	double value = 0, place = 1;
	bool fraction = false;
	size_t i = 0;

	for (; i < text.n && i < 24; i++) {
		if (text.p[i] == '.' && !fraction && i > 0) {
			fraction = true;
			continue;
		}
		if (!isdigit((unsigned char)text.p[i]))
			break;
		value = value * 10 + (text.p[i] - '0');
		place *= fraction ? 10 : 1;
	}
	value /= place;
	i += is_at(text, i, ' ');
	for (size_t k = 0; units[k]; k++) {
		if (!is_at(text, i, units[k]))
			continue;
		for (size_t times = 0; times <= k; times++)
			value *= unit;
		i++;
		break;
	}
	i += is_at(text, i, 'i');
	i += is_at(text, i, 'b');
	return i == text.n && value < 1e18 ? (uint64_t)value : 0;
}

/* The folder that the engine keeps for a container, with a slash: what it
 * mounts as the container's /etc/hostname lies there, unless that is another
 * container's. */
static struct dm_str folder_of(const json_t *answer)
{
	struct dm_str path = dm_docker_text_at(answer, "HostnamePath");
	struct dm_str id = dm_docker_text_at(answer, "Id");

	while (path.n && path.p[path.n - 1] != '/')
		path.n--;
	if (id.n == 0 || path.n < id.n + 2 ||
	    path.p[path.n - id.n - 2] != '/' ||
	    memcmp(path.p + path.n - id.n - 1, id.p, id.n) != 0)
		return (struct dm_str){"", 0};
	return path;
}

static int set_path(struct dm_docker_log *log, struct dm_str folder,
    const char *file, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf path = {0};

	dm_buf_add_str(&path, folder);
	dm_buf_add_cstr(&path, file);
	if (path.n == 0 || path.p[0] != '/' || path.n > PATH_BYTES_MAX ||
	    memchr(path.p, '\0', path.n))
		return 0;
	log->path = dm_str_dup(dm_buf_str(&path));
	return log->path ? 0 : dm_err_nomem(err);
}

static void set_limits(struct dm_docker_log *log, const json_t *options,
    unsigned unit, uint64_t bytes, uint64_t files)
{
	struct dm_str size = dm_docker_text_at(options, "max-size");
	uint64_t n;

	log->file_bytes = size.n ? dm_docker_size(size, unit) : bytes;
	log->files = files;
	if (dm_str_u64(dm_docker_text_at(options, "max-file"), &n) && n > 0 &&
	    n <= FILES_MAX)
		log->files = n;
}

int dm_docker_log_read(
    const json_t *answer, struct dm_docker_log *log, struct dm_err *err)
{
	const json_t *config =
	    json_object_get(json_object_get(answer, "HostConfig"), "LogConfig");
	const json_t *options = json_object_get(config, "Config");
	struct dm_str type = dm_docker_text_at(config, "Type");

	dm_docker_log_release(log);
	log->readable = !dm_str_is(type, "none");
	log->tty = json_is_true(
	    json_object_get(json_object_get(answer, "Config"), "Tty"));
	if (dm_str_is(type, "json-file")) {
		set_limits(log, options, 1000, 0, 1);
		return set_path(
		    log, dm_docker_text_at(answer, "LogPath"), "", err);
	}
	if (dm_str_is(type, "local")) {
		set_limits(log, options, 1024, LOCAL_FILE_BYTES, LOCAL_FILES);
		return set_path(
		    log, folder_of(answer), "local-logs/container.log", err);
	}
	return 0;
}

void dm_docker_log_release(struct dm_docker_log *log)
{
	free(log->path);
	*log = (struct dm_docker_log){0};
}
