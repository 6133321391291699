/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/signals.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "base/time.h"

/* How long a reader may take who was slow when the end came. */
#define READER_PATIENCE_MS 2000

static volatile sig_atomic_t stop_came, hangup_came;
static sigset_t wait_mask;
static bool is_installed;

/* A signal may come just before a write that will block: SIGALRM comes behind
 * it, again and again, and finds the write. */
static void note(int signal_number)
{
	if (signal_number == SIGHUP) {
		hangup_came = 1;
		return;
	}
	stop_came = 1;
	alarm(1);
}

int dm_signals_install(struct dm_err *err)
{
	static const int noted[] = {SIGTERM, SIGINT, SIGHUP, SIGALRM};
	struct sigaction action = {.sa_handler = note};
	sigset_t blocked;

	sigemptyset(&action.sa_mask);
	sigemptyset(&blocked);
	for (size_t i = 0; i < DM_COUNT(noted); i++) {
		sigaddset(&blocked, noted[i]);
		if (sigaction(noted[i], &action, NULL) < 0)
			return dm_err_errno(err, errno, "sigaction");
	}
	if (sigprocmask(SIG_BLOCK, &blocked, &wait_mask) < 0)
		return dm_err_errno(err, errno, "sigprocmask");
	for (size_t i = 0; i < DM_COUNT(noted); i++)
		sigdelset(&wait_mask, noted[i]);
	action.sa_handler = SIG_DFL;
	if (sigaction(SIGPIPE, &action, NULL) < 0)
		return dm_err_errno(err, errno, "sigaction");
	is_installed = true;
	return 0;
}

bool dm_signals_stop(void)
{
	return stop_came;
}

bool dm_signals_hangup(void)
{
	bool came = hangup_came;

	if (came)
		hangup_came = 0;
	return came;
}

bool dm_signals_pending(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGTERM) == 1 ||
		   sigismember(&pending, SIGINT) == 1);
}

int dm_signals_wait(int fd, int64_t deadline_ns, struct dm_err *err)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	struct timespec wait, *timeout = NULL;
	int n;

	if (deadline_ns != INT64_MAX) {
		int64_t left = deadline_ns - dm_time_mono_ns();

		if (left < 0)
			left = 0;
		wait.tv_sec = (time_t)(left / 1000000000);
		wait.tv_nsec = left % 1000000000;
		timeout = &wait;
	}
	n = ppoll(&pfd, fd >= 0 ? 1 : 0, timeout, &wait_mask);
	if (n > 0) {
		/* Where input never runs dry, ppoll delivers no signal. */
		sigset_t blocked;

		sigprocmask(SIG_SETMASK, &wait_mask, &blocked);
		sigprocmask(SIG_SETMASK, &blocked, NULL);
	}
	if (n < 0 && errno != EINTR)
		return dm_err_errno(err, errno, "poll");
	return n > 0;
}

/* Pieces that a pipe takes at once when it takes anything. */
static ssize_t write_piece(int fd, const void *p, size_t n)
{
	struct pollfd pfd = {.fd = fd, .events = POLLOUT};
	int ready = poll(&pfd, 1, READER_PATIENCE_MS);

	if (ready == 0)
		errno = ETIMEDOUT;
	if (ready <= 0)
		return -1;
	return write(fd, p, n < PIPE_BUF ? n : PIPE_BUF);
}

ssize_t dm_signals_write(int fd, const void *p, size_t n)
{
	struct pollfd pfd = {.fd = fd, .events = POLLOUT};
	sigset_t blocked;
	ssize_t put;
	int why;

	if (stop_came)
		return write_piece(fd, p, n);
	if (!is_installed)
		return write(fd, p, n);
	sigprocmask(SIG_SETMASK, &wait_mask, &blocked);
	put = write(fd, p, n);
	why = errno;
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	/* A pipe that somebody else has made not to block. */
	if (put < 0 && why == EAGAIN) {
		(void)ppoll(&pfd, 1, NULL, &wait_mask);
		why = EINTR;
	}
	errno = why;
	return put;
}
