/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_TESTS_ENGINE_H
#define DM_TESTS_ENGINE_H

/**
 * A container engine that misbehaves when told to, for tests. Never returns.
 * @folder  the answers: files version, list, events, logs (of any container),
 *          and one a container id; one that is missing is a 404. What is added
 *          to events and logs later is told too: these never end. The file mode
 *has lines "KEY MODE", read anew at each request; KEY is an answer's name or *,
 *the last line that fits counts. Each request's first line is added to log.
 *
 *	ok	answer (where no line fits)
 *	hang	read the request and say nothing
 *	drop	close the connection at once
 *	half	close it in the middle of the body
 *	stall	go silent in the middle of the body
 *	trickle	a byte every 5 ms
 *	garbage	no HTTP
 *	text	a body that is no JSON
 *	deep	a body of 50,000 open brackets
 *	endless	a body of objects that never ends
 *	headers	a header that never ends
 *	500	that status, with a message
 *	long500	that status, with a body that never ends
 */
_Noreturn void engine_serve(const char *socket_path, const char *folder);

#endif
