/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/users.h"

struct names {
	const char *kind;
	const char *sessions;
	const char *info, *start, *processes;
	const char *event_info, *opened, *closed, *seconds;
	const char *uid_change, *uid;
};

#define NAMES(kind_, sampled, event)                                           \
	{                                                                      \
		.kind = kind_, .sessions = sampled "_sessions",                \
		.info = sampled "_session_info",                               \
		.start = sampled "_session_start_time_seconds",                \
		.processes = sampled "_session_processes",                     \
		.event_info = event "_session_info",                           \
		.opened = event "_session_opened",                             \
		.closed = event "_session_closed",                             \
		.seconds = event "_session_seconds",                           \
		.uid_change = event "_session_uid_change",                     \
		.uid = event "_session_uid",                                   \
	}

static const struct names of_container =
    NAMES("container", "container", "container_event");
static const struct names of_host = NAMES("host", "node", "host_event");

static const char *const hows[] = {
    [DM_SESSION_TTY] = "tty",
    [DM_SESSION_LOGIN] = "login",
    [DM_SESSION_SSH] = "ssh",
    [DM_SESSION_EXEC] = "exec",
    [DM_SESSION_ATTACH] = "attach",
};

static void begin(
    struct dm_part *part, const char *kind, const struct dm_session *s)
{
	dm_row_begin(part, kind);
	dm_record_label_u64(&part->text, "session", (uint64_t)s->id);
	dm_record_label_u64(&part->text, "start", s->start);
}

static void add_user(const struct dm_users *u, struct dm_part *part,
    const char *label, uint32_t uid)
{
	struct dm_str name;

	if (dm_proc_users_name(u->looker.users, uid, &name))
		dm_record_label_bytes(&part->text, label, name);
	else
		dm_record_label_u64(&part->text, label, uid);
}

/* @to  the user that it has become, or DM_UID_NONE */
static void write_info(const struct dm_users *u, const struct dm_session *s,
    const char *kind, const char *name, uint32_t to, struct dm_part *part)
{
	struct dm_buf *text = &part->text;
	char tty[32];

	begin(part, kind, s);
	dm_record_label(text, "how", dm_str(hows[s->how]));
	dm_proc_tty_name(s->tty, tty, sizeof(tty));
	if (tty[0])
		dm_record_label(text, "tty", dm_str(tty));
	if (s->n_uids)
		add_user(u, part, "user", s->uids[0]);
	if (s->login != DM_UID_NONE)
		add_user(u, part, "login", s->login);
	if (s->from[0])
		dm_record_label_bytes(text, "from", dm_str(s->from));
	if (s->client)
		dm_record_label_u64(text, "client", (uint64_t)s->client);
	if (s->audit != DM_UID_NONE)
		dm_record_label_u64(text, "audit", s->audit);
	if (to != DM_UID_NONE)
		add_user(u, part, "to", to);
	dm_row_metrics(part);
	dm_row_u64(part, name, 1);
	dm_row_end(part);
}

/* Ticks are hundredths of a second: USER_HZ. */
static void write_opened(const struct dm_users *u, const struct dm_session *s,
    const struct names *names, struct dm_part *part)
{
	write_info(u, s, "event", names->event_info, DM_UID_NONE, part);
	begin(part, "event", s);
	dm_row_metrics(part);
	dm_row_u64(part, names->opened, 1);
	dm_row_end(part);
}

static void write_closed(const struct dm_users *u, const struct dm_session *s,
    const struct names *names, struct dm_part *part)
{
	uint64_t now = u->looker.now_ticks;

	write_info(u, s, "event", names->event_info, DM_UID_NONE, part);
	begin(part, "event", s);
	dm_row_metrics(part);
	dm_row_u64(part, names->closed, 1);
	if (now >= s->start && now - s->start < INT64_MAX)
		dm_row_scaled(
		    part, names->seconds, (int64_t)(now - s->start), 2);
	dm_row_end(part);
}

static void write_uid(const struct dm_users *u, const struct dm_session *s,
    uint32_t uid, const struct names *names, struct dm_part *part)
{
	write_info(u, s, "event", names->event_info, uid, part);
	begin(part, "event", s);
	dm_row_metrics(part);
	dm_row_u64(part, names->uid_change, 1);
	dm_row_u64(part, names->uid, uid);
	dm_row_end(part);
}

static void write_events(const struct dm_users *u, struct dm_session *s,
    const struct names *names, bool quiet, struct dm_part *part)
{
	if (!s->settled)
		return;
	if (!s->alive) {
		write_closed(u, s, names, part);
		return;
	}
	if (!s->told && !quiet)
		write_opened(u, s, names, part);
	/* The first is the one whom it was opened as. */
	for (unsigned i = s->n_told ? s->n_told : 1; i < s->n_uids; i++) {
		if (!quiet)
			write_uid(u, s, s->uids[i], names, part);
	}
	s->told = true;
	s->n_told = s->n_uids;
}

static void write_session(const struct dm_users *u, const struct dm_session *s,
    const struct names *names, struct dm_part *part)
{
	const struct dm_proc_looker *l = &u->looker;

	write_info(u, s, names->kind, names->info, DM_UID_NONE, part);
	begin(part, names->kind, s);
	dm_row_metrics(part);
	dm_row_u64(part, names->processes, s->processes);
	if (l->boot_s && s->start < INT64_MAX / 2)
		dm_row_scaled(part, names->start,
		    (int64_t)(l->boot_s * 100 + s->start), 2);
	dm_row_end(part);
}

void dm_sessions_write(const struct dm_users *u, struct dm_sessions *s,
    bool host, bool quiet, struct dm_part *part)
{
	const struct names *names = host ? &of_host : &of_container;
	uint64_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		write_events(u, &s->list[i], names, quiet, part);
		if (!s->list[i].told || !s->list[i].alive)
			continue;
		write_session(u, &s->list[i], names, part);
		n++;
	}
	dm_metrics_u64(&part->main, names->sessions, n);
	dm_sessions_drop(s);
}
