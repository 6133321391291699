/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/kmsg-text.h"

#include <ctype.h>

#include "collect/membership.h"

/*
 * A process's name has 15 bytes, and may stand anywhere in a message, in front
 * too. What a message is told by is longer, or stands at a place where no name
 * can be.
 */

bool dm_kmsg_parse(struct dm_str line, struct dm_kmsg *ret)
{
	struct dm_str head, word;
	uint64_t priority;
	struct dm_kmsg m = {0};

	if (!dm_str_cut(&line, ';', &head) || !line.p ||
	    !dm_str_cut(&head, ',', &word) || !dm_str_u64(word, &priority) ||
	    !dm_str_cut(&head, ',', &word) || !dm_str_u64(word, &m.seq))
		return false;
	m.kernel = priority < 8; /* facility 0; others' writing has another */
	m.text = line;
	*ret = m;
	return true;
}

void dm_kmsg_reader_release(struct dm_kmsg_reader *r)
{
	dm_buf_release(&r->cgroup);
}

/* What stands behind mark, where it first is. */
static bool behind(struct dm_str text, const char *mark, struct dm_str *ret)
{
	size_t n = strlen(mark);
	const char *at = text.n ? memmem(text.p, text.n, mark, n) : NULL;

	if (!at)
		return false;
	*ret = (struct dm_str){at + n, text.n - (size_t)(at + n - text.p)};
	return true;
}

/* Digits that text begins with. */
static bool number(struct dm_str text, uint64_t *ret)
{
	size_t n = 0;

	while (n < text.n && isdigit((unsigned char)text.p[n]))
		n++;
	return dm_str_u64((struct dm_str){text.p, n}, ret);
}

static bool pid_of(struct dm_str digits, struct dm_kmsg_event *e)
{
	uint64_t n;

	if (!number(digits, &n) || n == 0 || n > INT32_MAX)
		return false;
	e->pid = (pid_t)n;
	return true;
}

static void uid_of(struct dm_str digits, struct dm_kmsg_event *e)
{
	uint64_t n;

	if (!number(digits, &n) || n > UINT32_MAX)
		return;
	e->uid_said = true;
	e->uid = (uint32_t)n;
}

/* The last piece of text that follows mark. */
static struct dm_str last_behind(struct dm_str text, const char *mark)
{
	struct dm_str found = {"", 0};

	while (behind(text, mark, &text))
		found = text;
	return found;
}

/* A path that text begins with, as far as it goes without what ends it. */
static void note_group(struct dm_kmsg_reader *r, struct dm_str text, char end)
{
	const char *at = memchr(text.p, end, text.n);

	if (at)
		text.n = (size_t)(at - text.p);
	dm_buf_clear(&r->cgroup);
	dm_buf_add_str(&r->cgroup, text);
}

static bool in_container(const struct dm_kmsg_reader *r)
{
	DM_AUTO_BUF struct dm_buf id = {0};
	struct dm_str cgroup;

	return dm_membership_container(dm_buf_str(&r->cgroup), &id, &cgroup);
}

/*
 * oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=ID,
 * mems_allowed=0,oom_memcg=/docker/ID,task_memcg=/docker/ID,task=sh,pid=7,uid=0
 * The cgroup whose limit it is comes first, and its path begins with the
 * container's: what lies in it can't pretend to be another's. Where the limit
 * is that of several containers it is the victim's that counts.
 */
static bool oom_kill(
    struct dm_kmsg_reader *r, struct dm_str text, struct dm_kmsg_event *e)
{
	/* Other names in the message have no slash. */
	static const char *const marks[] = {",oom_memcg=/", ",task_memcg=/"};
	struct dm_str path;

	dm_buf_clear(&r->cgroup);
	for (size_t i = 0; i < DM_COUNT(marks) && !in_container(r); i++) {
		if (behind(text, marks[i], &path))
			note_group(
			    r, (struct dm_str){path.p - 1, path.n + 1}, ',');
	}
	/* The victim's name stands before its number. */
	if (!pid_of(last_behind(text, ",pid="), e))
		return false;
	uid_of(last_behind(text, ",uid="), e);
	r->told = e->pid;
	return true;
}

/* Killed process 7 (sh) total-vm:1kB, …, UID:0 pgtables:… */
static bool killed(
    struct dm_kmsg_reader *r, struct dm_str rest, struct dm_kmsg_event *e)
{
	if (!pid_of(rest, e) || e->pid == r->told)
		return false;
	uid_of(last_behind(rest, " UID:"), e);
	return true;
}

/* sh[7]: segfault at 0 ip … */
static bool segfault(struct dm_str text, struct dm_kmsg_event *e)
{
	struct dm_str rest = text;

	while (behind(rest, "]: segfault at ", &rest)) {
		const char *end = rest.p - strlen("]: segfault at ");
		const char *p = end;

		while (p > text.p && isdigit((unsigned char)p[-1]))
			p--;
		if (p < end && p > text.p && p[-1] == '[')
			return pid_of((struct dm_str){p, (size_t)(end - p)}, e);
	}
	return false;
}

/* The words of an audit record: a name is quoted, and has neither blanks nor
 * quotes, or it is in hexadecimal. */
static void audit_words(struct dm_str rest, struct dm_kmsg_event *e)
{
	struct dm_str word;

	while (dm_str_word(&rest, &word)) {
		struct dm_str value;

		if (!e->pid && dm_str_starts(word, "pid=") &&
		    behind(word, "=", &value))
			(void)pid_of(value, e);
		else if (!e->uid_said && dm_str_starts(word, "uid=") &&
			 behind(word, "=", &value))
			uid_of(value, e);
		else if (e->what == DM_KMSG_SECCOMP &&
			 dm_str_starts(word, "syscall=") &&
			 behind(word, "=", &value))
			(void)number(value, &e->number);
	}
}

static bool audit(struct dm_str text, struct dm_kmsg_event *e)
{
	struct dm_str rest;

	if (!behind(text, "): ", &rest))
		return false;
	if (dm_str_starts(text, "audit: type=1326 audit("))
		e->what = DM_KMSG_SECCOMP;
	else if (!dm_str_starts(text, "audit: type=1400 audit("))
		return false;
	else if (dm_str_starts(rest, "apparmor=\"DENIED\" "))
		e->what = DM_KMSG_APPARMOR;
	else if (dm_str_starts(rest, "avc:  denied  "))
		e->what = DM_KMSG_SELINUX;
	else
		return false;
	audit_words(rest, e);
	return true;
}

/* …: Possible SYN flooding on port 0.0.0.0:80. Sending cookies. */
static bool syn_flood(struct dm_str text, struct dm_kmsg_event *e)
{
	struct dm_str rest, word, port;

	if (!dm_str_starts(text, "TCP: ") ||
	    !behind(text, "ossible SYN flooding on port ", &rest))
		return false;
	(void)dm_str_word(&rest, &word);
	port = last_behind(word, ":");
	if (!number(port.n ? port : word, &e->number) || e->number > UINT16_MAX)
		e->number = 0;
	return true;
}

/* Who was killed for whose memory: in one line from Linux 5.0 on, but for the
 * others of a group that is killed as a whole; before, in several. */
static bool out_of_memory(
    struct dm_kmsg_reader *r, struct dm_str text, struct dm_kmsg_event *e)
{
	struct dm_str rest;

	e->what = DM_KMSG_OOM_KILL;
	if (dm_str_starts(text, "oom-kill:constraint="))
		return oom_kill(r, text, e);
	if ((dm_str_starts(text, "Task in /") ||
		dm_str_starts(text, "Tasks in /")) &&
	    behind(text, " in ", &rest))
		note_group(r, rest, ' ');
	else if (dm_str_starts(text, "Out of memory: Kill process "))
		dm_buf_clear(&r->cgroup);
	else if (dm_str_starts(text, "Killed process ") ||
		 dm_str_starts(text, "Out of memory: Killed process ") ||
		 dm_str_starts(
		     text, "Memory cgroup out of memory: Killed process "))
		return behind(text, "Killed process ", &rest) &&
		       killed(r, rest, e);
	return false;
}

bool dm_kmsg_read(
    struct dm_kmsg_reader *r, struct dm_str text, struct dm_kmsg_event *ret)
{
	static const char refused[] =
	    "cgroup: fork rejected by pids controller in /";
	struct dm_kmsg_event e = {0};
	bool known;

	if (out_of_memory(r, text, &e)) {
		e.cgroup = dm_buf_str(&r->cgroup);
		*ret = e;
		return !r->cgroup.failed;
	}
	if (dm_str_starts(text, refused)) {
		e.what = DM_KMSG_FORKS;
		e.cgroup = text;
		e.cgroup.p += sizeof(refused) - 2;
		e.cgroup.n -= sizeof(refused) - 2;
		known = true;
	} else if (dm_str_starts(text, "nf_conntrack: ") &&
		   memmem(text.p, text.n, "table full", 10)) {
		e.what = DM_KMSG_CONNTRACK;
		known = true;
	} else if (syn_flood(text, &e)) {
		e.what = DM_KMSG_SYN_FLOOD;
		known = true;
	} else if (dm_str_starts(text, "audit: type=1")) {
		known = audit(text, &e);
	} else {
		e.what = DM_KMSG_SEGFAULT;
		known = segfault(text, &e);
	}
	if (known)
		*ret = e;
	return known;
}
