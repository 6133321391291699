/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_BASE_MEM_H
#define DM_BASE_MEM_H

#include <stdlib.h>

#define DM_MUST_CHECK	     __attribute__((warn_unused_result))
#define DM_CLEANUP(fn)	     __attribute__((cleanup(fn)))
#define DM_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

#define DM_COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline void dm_free_cleanup(void *p)
{
	free(*(void **)p);
}

/** A malloc'ed pointer freed at the end of its scope; see dm_steal. */
#define DM_AUTO_FREE DM_CLEANUP(dm_free_cleanup)

static inline void *dm_steal_ptr(void *pp)
{
	void *p = *(void **)pp;

	*(void **)pp = NULL;
	return p;
}

/** Take a pointer out of its DM_AUTO_ variable, which becomes NULL. */
#define dm_steal(pp) ((__typeof__(*(pp)))dm_steal_ptr(pp))

/* For functions that fetch memory ahead and do nothing else: gcc 12 holds them
 * for functions without effect and leaves calls of them out, unless they are
 * inline. */
#define DM_FETCHES static inline __attribute__((always_inline)) void

#endif
