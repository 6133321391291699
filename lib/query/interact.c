/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/interact.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "query/complete.h"

#define HISTORY_LINES 1000

struct session {
	const struct dm_interact *i;
	struct dm_completion completion;
	struct dm_buf entry; /* of the history: the lines of an expression */
	int signals;	     /* a signalfd */
	bool done;
	bool failed;
	struct dm_err err;
};

/* Readline's callbacks take no context, and it is there once only. */
static struct session *session;

static const char *prompt_text(const struct session *s)
{
	return dm_prompt_pending(s->i->prompt).n ? "   -> " : "dmon> ";
}

/* A file that none but its owner reads, and the folders that it is in. */
static int make_file(const char *path)
{
	DM_AUTO_FREE char *copy = dm_str_dup(dm_str(path));
	int fd;

	for (char *p = copy; p && (p = strchr(p + 1, '/'));) {
		*p = '\0';
		mkdir(copy, 0700); /* or it is there */
		*p = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	fchmod(fd, 0600);
	close(fd);
	return 0;
}

/* A history that can't be kept is no reason not to begin. */
static void begin_history(const char *path)
{
	using_history();
	stifle_history(HISTORY_LINES);
	if (path && make_file(path) == 0)
		read_history(path);
}

/* An expression is one entry, whatever lines it had; but a comment would
 * hide what is put behind it. */
static void remember(struct session *s, const char *line, bool more)
{
	const char *text;
	HIST_ENTRY *last;

	if (s->entry.n)
		dm_buf_add_char(&s->entry,
		    memchr(s->entry.p, '#', s->entry.n) ? '\n' : ' ');
	dm_buf_add_cstr(&s->entry, line);
	if (more)
		return;
	text = dm_buf_cstr(&s->entry);
	last = history_length ? history_get(history_base + history_length - 1)
			      : NULL;
	if (*text && !(last && strcmp(last->line, text) == 0)) {
		add_history(text);
		if (s->i->history)
			append_history(1, s->i->history);
	}
	dm_buf_clear(&s->entry);
}

static void show(struct session *s, struct dm_buf *out, struct dm_buf *said)
{
	if (s->i->show(s->i->ctx, out, said, &s->err) < 0) {
		s->failed = true;
		s->done = true;
	}
}

/* An interrupt that came while a query ran has ended that, and means nothing
 * more. The terminal has shown ^C without an end of the line. */
static void drop_interrupt(struct session *s)
{
	struct signalfd_siginfo info;
	struct pollfd p = {.fd = s->signals, .events = POLLIN};

	while (poll(&p, 1, 0) > 0 &&
	       read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTERM)
			s->done = true;
		else
			rl_crlf();
	}
}

static void on_line(char *line)
{
	struct session *s = session;
	DM_AUTO_BUF struct dm_buf out = {0};
	DM_AUTO_BUF struct dm_buf said = {0};
	enum dm_prompt_state state;

	if (!line) {
		rl_crlf();
		s->done = true;
		return;
	}
	state = dm_prompt_line(s->i->prompt, dm_str(line), &out, &said);
	remember(s, line, state == DM_PROMPT_MORE);
	free(line);
	drop_interrupt(s);
	show(s, &out, &said);
	if (state == DM_PROMPT_QUIT)
		s->done = true;
	rl_set_prompt(prompt_text(s));
}

static void interrupt(struct session *s)
{
	dm_prompt_drop(s->i->prompt);
	dm_buf_clear(&s->entry);
	rl_free_line_state();
	rl_callback_sigcleanup();
	rl_replace_line("", 0);
	rl_crlf();
	rl_set_prompt(prompt_text(s));
	rl_on_new_line();
	rl_redisplay();
}

/* Complete what stands before the cursor, unfinished lines before it
 * included; *ret_before is how long those are. */
static int complete_line(
    struct session *s, size_t *ret_before, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf text = {0};

	dm_completion_release(&s->completion);
	dm_buf_add_str(&text, dm_prompt_pending(s->i->prompt));
	if (text.n)
		dm_buf_add_char(&text, '\n');
	*ret_before = text.n;
	dm_buf_add(&text, rl_line_buffer, (size_t)rl_point);
	if (dm_buf_ok(&text, err) < 0)
		return -1;
	return dm_complete(dm_prompt_catalog(s->i->prompt), dm_buf_str(&text),
	    &s->completion, err);
}

/* Readline looks for one of these to find where the word begins. */
static char *on_word_break(void)
{
	static char within_quotes[2], command[] = " ";
	static char others[] = " \t\n(){}[],=!~+-*/%^<>@\"'`#;";
	size_t before;

	if (complete_line(session, &before, NULL) < 0)
		return others;
	if (session->completion.quote) {
		within_quotes[0] = session->completion.quote;
		return within_quotes;
	}
	return rl_line_buffer[0] == '\\' && before == 0 ? command : others;
}

static char *next_word(const char *text, int state)
{
	static size_t at;

	(void)text;
	if (state == 0)
		at = 0;
	if (at == session->completion.n)
		return NULL;
	return strdup(session->completion.words[at++]);
}

static char **on_complete(const char *text, int start, int end)
{
	const struct dm_completion *c = &session->completion;
	size_t pending = dm_prompt_pending(session->i->prompt).n;

	(void)end;
	rl_attempted_completion_over = 1;
	rl_completion_append_character = '\0';
	if (c->n == 0 || (size_t)start + pending + (pending > 0) != c->from)
		return NULL;
	if (c->quote)
		rl_completion_append_character = c->quote;
	else if (rl_line_buffer[0] == '\\')
		rl_completion_append_character = ' ';
	return rl_completion_matches(text, next_word);
}

static int open_signals(struct session *s, struct dm_err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (s->signals < 0)
		return dm_err_errno(err, errno, "signalfd");
	return 0;
}

static int take_signal(struct session *s, struct dm_err *err)
{
	struct signalfd_siginfo info;

	if (read(s->signals, &info, sizeof(info)) != sizeof(info))
		return dm_err_errno(err, errno, "signalfd");
	if (info.ssi_signo == SIGTERM)
		s->done = true;
	else
		interrupt(s);
	return 0;
}

static int read_keys(struct session *s, struct dm_err *err)
{
	struct pollfd p[] = {{.fd = STDIN_FILENO, .events = POLLIN},
	    {.fd = s->signals, .events = POLLIN}};

	while (!s->done) {
		int n = poll(p, DM_COUNT(p), -1);

		if (n < 0 && errno != EINTR)
			return dm_err_errno(err, errno, "poll");
		if (n <= 0)
			continue;
		if (p[1].revents && take_signal(s, err) < 0)
			return -1;
		if (p[0].revents && !s->done)
			rl_callback_read_char();
	}
	if (!s->failed)
		return 0;
	*err = s->err;
	return -1;
}

int dm_interact_terminal(const struct dm_interact *i, struct dm_err *err)
{
	struct session s = {.i = i};
	int status;

	if (open_signals(&s, err) < 0)
		return -1;
	session = &s;
	begin_history(i->history);
	rl_readline_name = "dmon-query";
	rl_catch_signals = 0;
	rl_completion_word_break_hook = on_word_break;
	rl_attempted_completion_function = on_complete;
	rl_callback_handler_install(prompt_text(&s), on_line);
	status = read_keys(&s, err);
	rl_callback_handler_remove();
	if (i->history)
		history_truncate_file(i->history, HISTORY_LINES);
	clear_history();
	close(s.signals);
	dm_completion_release(&s.completion);
	dm_buf_release(&s.entry);
	session = NULL;
	return status;
}
