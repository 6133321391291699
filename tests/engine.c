/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"

#define ANSWER_BYTES_MAX (64u << 20)

static _Noreturn void give_up(const char *what)
{
	perror(what);
	_exit(4);
}

static void put(int fd, const void *p, size_t n)
{
	/* A client that has gone ends its connection's process. */
	if (dm_file_write_all(fd, p, n, NULL) < 0)
		_exit(0);
}

static void put_text(int fd, const char *s)
{
	put(fd, s, strlen(s));
}

static void put_for_ever(int fd, const char *s)
{
	for (;;)
		put_text(fd, s);
}

static void put_head(int fd, const char *status, size_t n)
{
	char head[256];

	snprintf(head, sizeof(head),
	    "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\n\r\n",
	    status, n);
	put_text(fd, head);
}

static void put_slowly(int fd, struct dm_str body)
{
	for (size_t i = 0; i < body.n; i++) {
		put(fd, body.p + i, 1);
		usleep(5000);
	}
}

static void put_deep(int fd)
{
	put_head(fd, "200 OK", 90000);
	for (int i = 0; i < 10000; i++)
		put_text(fd, "{\"a\":[[[[");
}

static _Noreturn void hang(void)
{
	for (;;)
		pause();
}

/* Which mode the file has for a key; the last line that fits. */
static struct dm_str mode_for(
    const char *folder, struct dm_str key, struct dm_buf *b)
{
	struct dm_str mode = DM_STR("ok"), rest, line, k, m;
	char path[512];

	snprintf(path, sizeof(path), "%s/mode", folder);
	if (dm_file_read(path, ANSWER_BYTES_MAX, b, NULL) < 0)
		return mode;
	rest = dm_buf_str(b);
	while (dm_str_line(&rest, &line))
		if (dm_str_word(&line, &k) && dm_str_word(&line, &m) &&
		    (dm_str_eq(k, key) || dm_str_is(k, "*")))
			mode = m;
	return mode;
}

/* What stands in the file and what is added to it, for ever. */
static _Noreturn void put_events(int fd, const char *file)
{
	int from = open(file, O_RDONLY | O_CLOEXEC);
	char piece[4096], gone;

	put_text(fd, "HTTP/1.1 200 OK\r\n\r\n");
	for (;;) {
		ssize_t n = read(from, piece, sizeof(piece));

		if (n > 0)
			put(fd, piece, (size_t)n);
		else if (recv(fd, &gone, 1, MSG_DONTWAIT) == 0)
			_exit(0);
		else
			usleep(10000);
	}
}

static void answer(int fd, struct dm_str mode, struct dm_str body)
{
	static const char refusal[] = "{\"message\":\"the engine is ill\"}";
	size_t half = body.n / 2;

	if (dm_str_is(mode, "hang"))
		hang();
	if (dm_str_is(mode, "drop"))
		_exit(0);
	if (dm_str_is(mode, "garbage")) {
		put_text(fd, "\x80\xff what?\r\n\r\n");
		_exit(0);
	}
	if (dm_str_is(mode, "headers")) {
		put_text(fd, "HTTP/1.1 200 OK\r\n");
		put_for_ever(fd, "X-More: and more\r\n");
	}
	if (dm_str_is(mode, "endless")) {
		put_text(fd, "HTTP/1.1 200 OK\r\n\r\n[{\"Id\":\"0\"}");
		put_for_ever(fd, ",{\"Id\":\"f00d\",\"State\":\"exited\"}");
	}
	if (dm_str_is(mode, "long500")) {
		put_text(fd, "HTTP/1.1 500 No\r\n\r\n");
		put_for_ever(fd, "x");
	}
	if (dm_str_is(mode, "500")) {
		put_head(fd, "500 Internal Server Error", strlen(refusal));
		put_text(fd, refusal);
		return;
	}
	if (dm_str_is(mode, "deep")) {
		put_deep(fd);
		return;
	}
	if (dm_str_is(mode, "text"))
		body = DM_STR("good morning");
	put_head(fd, "200 OK", body.n);
	if (dm_str_is(mode, "trickle")) {
		put_slowly(fd, body);
		return;
	}
	if (dm_str_is(mode, "half") || dm_str_is(mode, "stall"))
		body.n = half;
	put(fd, body.p, body.n);
	if (dm_str_is(mode, "stall"))
		hang();
	if (dm_str_is(mode, "half"))
		_exit(0);
}

/* /version, /events?filters=…, /containers/ID/json,
 * /containers/ID/logs?follow=1…, /v1.41/containers/json?all=1,
 * /v1.41/containers/ID/json */
static struct dm_str key_of(struct dm_str path)
{
	struct dm_str piece, last = DM_STR("");

	if (dm_str_is(path, "/version"))
		return DM_STR("version");
	if (dm_str_starts(path, "/events?"))
		return DM_STR("events");
	while (dm_str_cut(&path, '/', &piece)) {
		if (dm_str_starts(piece, "json?"))
			return DM_STR("list");
		if (dm_str_starts(piece, "logs?"))
			return DM_STR("logs");
		if (dm_str_is(piece, "json"))
			return last;
		last = piece;
	}
	return DM_STR("none");
}

static void log_request(const char *folder, struct dm_str line)
{
	char path[512], text[512];
	int n, fd;

	snprintf(path, sizeof(path), "%s/log", folder);
	n = snprintf(text, sizeof(text), "%.*s\n", (int)line.n, line.p);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, (size_t)n) != n)
		give_up(path);
	close(fd);
}

static void handle(int fd, const char *folder, struct dm_str request)
{
	static const char missing[] = "{\"message\":\"No such container\"}";
	DM_AUTO_BUF struct dm_buf modes = {0};
	DM_AUTO_BUF struct dm_buf body = {0};
	struct dm_str line, word, path, key, mode;
	char name[512];

	if (!dm_str_cut(&request, '\r', &line))
		return;
	log_request(folder, line);
	if (!dm_str_word(&line, &word) || !dm_str_word(&line, &path))
		return;
	key = key_of(path);
	mode = mode_for(folder, key, &modes);
	snprintf(name, sizeof(name), "%s/%.*s", folder, (int)key.n, key.p);
	if ((dm_str_is(key, "events") || dm_str_is(key, "logs")) &&
	    dm_str_is(mode, "ok") && access(name, R_OK) == 0)
		put_events(fd, name);
	if (dm_file_read(name, ANSWER_BYTES_MAX, &body, NULL) == 0 ||
	    !dm_str_is(mode, "ok")) {
		answer(fd, mode, dm_buf_str(&body));
		return;
	}
	put_head(fd, "404 Not Found", strlen(missing));
	put_text(fd, missing);
}

static _Noreturn void serve_connection(int fd, const char *folder)
{
	char request[4096];
	size_t n = 0;

	for (;;) {
		ssize_t got = read(fd, request + n, sizeof(request) - 1 - n);

		if (got <= 0)
			_exit(0);
		n += (size_t)got;
		request[n] = '\0';
		if (!strstr(request, "\r\n\r\n"))
			continue;
		handle(fd, folder, (struct dm_str){request, n});
		n = 0;
	}
}

void engine_serve(const char *socket_path, const char *folder)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(socket_path) >= sizeof(a.sun_path))
		_exit(2);
	strcpy(a.sun_path, socket_path);
	unlink(socket_path);
	if (listener < 0 ||
	    bind(listener, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    listen(listener, 16) < 0)
		give_up(socket_path);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pid_t parent = getpid(), child = fd < 0 ? -1 : fork();

		if (child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != parent)
				_exit(0);
			serve_connection(fd, folder);
		}
		if (fd >= 0)
			close(fd);
	}
}
