/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Is the variable set, and not to nothing? Source: no-color.org. */
static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

static bool is_dumb(void)
{
	const char *term = getenv("TERM");

	return !term || strcmp(term, "dumb") == 0;
}

struct dm_terminal dm_terminal_look(void)
{
	struct dm_terminal t = {
	    .is_terminal = isatty(STDOUT_FILENO), .columns = 80, .rows = 24};
	struct winsize size;

	setlocale(LC_CTYPE, "");
	t.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (!t.is_terminal)
		return t;
	t.color = !is_set("NO_COLOR") && !is_dumb();
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col &&
	    size.ws_row) {
		t.columns = size.ws_col;
		t.rows = size.ws_row;
	}
	return t;
}
