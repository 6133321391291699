/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_CMD_TERMINAL_H
#define DM_CMD_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/** What standard output can show. */
struct dm_terminal {
	bool is_terminal;
	size_t columns, rows; /* 80 and 24 where it is none */
	bool utf8;	      /* the locale's */
	bool color;	      /* a terminal, and NO_COLOR is not set */
};

/** Look at standard output and the locale, which is set from here on. */
struct dm_terminal dm_terminal_look(void);

#endif
