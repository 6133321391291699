/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/proc-text.h"

#include <stdio.h>

static bool word_u64(struct dm_str *rest, uint64_t *ret)
{
	struct dm_str word;

	return dm_str_word(rest, &word) && dm_str_u64(word, ret);
}

static bool word_i64(struct dm_str *rest, int64_t *ret)
{
	struct dm_str word;

	return dm_str_word(rest, &word) && dm_str_i64(word, ret);
}

static bool skip_words(struct dm_str *rest, unsigned n)
{
	struct dm_str word;

	while (n && dm_str_word(rest, &word))
		n--;
	return n == 0;
}

/* A comm may hold blanks, newlines and brackets, and so it ends at the last
 * bracket: behind it stand a letter and numbers only. */
static bool cut_comm(struct dm_str *rest, struct dm_proc_stat *ret)
{
	const char *open = rest->n ? memchr(rest->p, '(', rest->n) : NULL;
	const char *close = rest->n ? memrchr(rest->p, ')', rest->n) : NULL;
	const char *end = rest->p + rest->n;
	struct dm_str pid;

	if (!open || !close || close < open)
		return false;
	pid = dm_str_trim((struct dm_str){rest->p, (size_t)(open - rest->p)});
	if (!dm_str_i64(pid, &ret->pid))
		return false;
	ret->comm = (struct dm_str){open + 1, (size_t)(close - open) - 1};
	*rest = (struct dm_str){close + 1, (size_t)(end - close) - 1};
	return true;
}

bool dm_proc_stat_parse(struct dm_str text, struct dm_proc_stat *ret)
{
	struct dm_proc_stat s = {0};
	struct dm_str rest = text, state;

	if (!cut_comm(&rest, &s) || !dm_str_word(&rest, &state) || state.n != 1)
		return false;
	s.state = state.p[0];
	if (!word_i64(&rest, &s.ppid) || !skip_words(&rest, 1) ||
	    !word_i64(&rest, &s.session) || !word_i64(&rest, &s.tty) ||
	    !skip_words(&rest, 1) || !word_u64(&rest, &s.flags) ||
	    !skip_words(&rest, 4) || !word_u64(&rest, &s.user_ticks) ||
	    !word_u64(&rest, &s.system_ticks) || !skip_words(&rest, 4) ||
	    !word_u64(&rest, &s.threads) || !skip_words(&rest, 1) ||
	    !word_u64(&rest, &s.start) || !word_u64(&rest, &s.virtual_bytes) ||
	    !word_i64(&rest, &s.resident_pages) || !skip_words(&rest, 3) ||
	    !word_u64(&rest, &s.stack))
		return false;
	*ret = s;
	return true;
}

static bool value_u32(struct dm_str value, uint32_t *ret)
{
	uint64_t v;

	if (!dm_str_u64(value, &v) || v > UINT32_MAX)
		return false;
	*ret = (uint32_t)v;
	return true;
}

static void parse_uids(struct dm_str value, struct dm_proc_status *s)
{
	struct dm_str word;

	/* real, effective, saved, filesystem */
	if (skip_words(&value, 1) && dm_str_word(&value, &word) &&
	    value_u32(word, &s->uid))
		s->have |= DM_STATUS_UID;
}

static bool parse_caps(
    struct dm_str name, struct dm_str value, struct dm_proc_status *s)
{
	static const char *const names[DM_CAPS_N] = {
	    [DM_CAPS_EFFECTIVE] = "CapEff",
	    [DM_CAPS_PERMITTED] = "CapPrm",
	    [DM_CAPS_INHERITABLE] = "CapInh",
	    [DM_CAPS_BOUNDING] = "CapBnd",
	    [DM_CAPS_AMBIENT] = "CapAmb",
	};

	if (!dm_str_starts(name, "Cap"))
		return false;
	for (unsigned i = 0; i < DM_CAPS_N; i++) {
		if (dm_str_is(name, names[i]) &&
		    dm_str_hex64(value, &s->caps[i]))
			s->have |= DM_STATUS_CAPS << i;
	}
	return true;
}

static void parse_status_line(
    struct dm_str name, struct dm_str value, struct dm_proc_status *s)
{
	uint32_t flag;

	if (parse_caps(name, value, s))
		return;
	if (dm_str_is(name, "Uid")) {
		parse_uids(value, s);
	} else if (dm_str_is(name, "TracerPid")) {
		if (value_u32(value, &s->tracer))
			s->have |= DM_STATUS_TRACER;
	} else if (dm_str_is(name, "Seccomp")) {
		if (value_u32(value, &s->seccomp))
			s->have |= DM_STATUS_SECCOMP;
	} else if (dm_str_is(name, "NoNewPrivs")) {
		if (value_u32(value, &flag)) {
			s->no_new_privs = flag != 0;
			s->have |= DM_STATUS_NO_NEW_PRIVS;
		}
	}
}

void dm_proc_status_parse(struct dm_str text, struct dm_proc_status *ret)
{
	struct dm_str rest = text, line, name;

	*ret = (struct dm_proc_status){0};
	/* The kernel escapes a newline in the name (the first line), and so
	 * no process can forge a line. */
	while (dm_str_line(&rest, &line)) {
		if (dm_str_cut(&line, ':', &name) && line.p)
			parse_status_line(name, dm_str_trim(line), ret);
	}
}

bool dm_proc_ns_parse(struct dm_str target, const char *name, uint32_t *ret)
{
	size_t n = strlen(name);

	if (!dm_str_starts(target, name) || target.n < n + 3 ||
	    target.p[n] != ':' || target.p[n + 1] != '[' ||
	    target.p[target.n - 1] != ']')
		return false;
	return value_u32(
	    (struct dm_str){target.p + n + 2, target.n - n - 3}, ret);
}

bool dm_proc_mountinfo_has(struct dm_str text, uint64_t mount_id)
{
	struct dm_str rest = text, line;
	uint64_t id;

	/* Blanks and newlines in paths are escaped by the kernel. */
	while (dm_str_line(&rest, &line)) {
		if (word_u64(&line, &id) && id == mount_id)
			return true;
	}
	return false;
}

bool dm_proc_uid_inside(struct dm_str map, uint32_t outside, uint32_t *ret)
{
	struct dm_str rest = map, line;

	while (dm_str_line(&rest, &line)) {
		uint64_t inside, from, n;

		if (!word_u64(&line, &inside) || !word_u64(&line, &from) ||
		    !word_u64(&line, &n) || outside < from ||
		    outside - from >= n)
			continue;
		inside += outside - from;
		if (inside > UINT32_MAX)
			continue;
		*ret = (uint32_t)inside;
		return true;
	}
	return false;
}

void dm_proc_tty_name(int64_t tty, char *dst, size_t dst_bytes)
{
	/* As the kernel writes it (new_encode_dev): minor's low byte, major,
	 * the rest of minor. */
	uint32_t dev = (uint32_t)tty;
	unsigned major = dev >> 8 & 0xfff;
	unsigned minor = (dev & 0xff) | (dev >> 12 & 0xfff00);

	if (dev == 0)
		snprintf(dst, dst_bytes, "%s", "");
	else if (major >= 136 && major <= 143)
		snprintf(dst, dst_bytes, "pts/%u", (major - 136) * 256 + minor);
	else if (major == 4 && minor < 64)
		snprintf(dst, dst_bytes, "tty%u", minor);
	else
		snprintf(dst, dst_bytes, "%u:%u", major, minor);
}

int dm_proc_state_number(char state)
{
	switch (state) {
	case 'R':
		return 0x00;
	case 'S':
		return 0x01;
	case 'D':
		return 0x02;
	case 'T':
		return 0x04;
	case 't':
		return 0x08;
	case 'X':
		return 0x10;
	case 'Z':
		return 0x20;
	case 'P':
		return 0x40;
	case 'I':
		return 0x80;
	}
	return -1;
}

bool dm_proc_is_runtime(struct dm_str exe)
{
	static const char *const names[] = {
	    "runc", "crun", "youki", "lxc-start", "lxc-attach"};
	const char *slash = exe.n ? memrchr(exe.p, '/', exe.n) : NULL;
	struct dm_str base = exe;

	/* runc and crun run from a copy of themselves in memory, or from a
	 * mount of the file alone that is detached at once, so that a
	 * container can't overwrite them (CVE-2019-5736). */
	if (dm_str_is(exe, "/") || dm_str_starts(exe, "/memfd:runc_cloned:") ||
	    dm_str_starts(exe, "/memfd:crun_cloned:"))
		return true;
	if (slash) {
		base.n -= (size_t)(slash + 1 - exe.p);
		base.p = slash + 1;
	}
	for (size_t i = 0; i < DM_COUNT(names); i++) {
		if (dm_str_is(base, names[i]))
			return true;
	}
	return false;
}
