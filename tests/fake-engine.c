/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "engine.h"

/* fake-engine SOCKET FOLDER: see engine.h. */
int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: fake-engine SOCKET FOLDER\n");
		return 2;
	}
	engine_serve(argv[1], argv[2]);
}
