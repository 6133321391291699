/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_BASE_ERR_H
#define DM_BASE_ERR_H

#include <stdarg.h>
#include "base/mem.h"

enum dm_code {
	DM_OK = 0,
	DM_ENODATA, /* there is nothing to be had, which is no failure */
	DM_EINVAL,  /* an argument or an option is wrong */
	DM_EPARSE,  /* input is not what it should be */
	DM_ELIMIT,  /* input is longer, deeper or more than is allowed */
	DM_EPERM,   /* not allowed to see or do it */
	DM_ESYS,    /* the system failed: I/O, a daemon, a resource */
	DM_EBUSY,   /* locked by another */
	DM_ENOMEM,
	DM_ESTOP, /* the caller's callback asked to stop */
};

#define DM_ERR_MSG_BYTES  320
#define DM_ERR_FILE_BYTES 192

/**
 * What went wrong. The caller owns it; its size is fixed, so that it works
 * when memory has run out. msg is printable as it stands: control
 * characters and bytes that are no UTF-8 have been escaped.
 */
struct dm_err {
	enum dm_code code;
	unsigned line;	 /* from 1; 0: none */
	unsigned column; /* from 1, in characters; 0: none */
	char file[DM_ERR_FILE_BYTES];
	char msg[DM_ERR_MSG_BYTES];
};

/**
 * Set the error.
 * @err  may be NULL: the caller does not want to know why
 * Returns -1, so that `return dm_err_set(…)` reads well.
 */
int dm_err_set(struct dm_err *err, enum dm_code code, const char *fmt, ...)
    DM_PRINTF(3, 4);

/** As dm_err_set, with a place in a text (0: none). Returns -1. */
int dm_err_at(struct dm_err *err, enum dm_code code, unsigned line,
    unsigned column, const char *fmt, ...) DM_PRINTF(5, 6);

/**
 * Set the error from an errno: "fmt: strerror". EACCES and EPERM give
 * DM_EPERM, ENOMEM DM_ENOMEM, ENOENT, ESRCH and ENODEV DM_ENODATA, others
 * DM_ESYS. Returns -1.
 */
int dm_err_errno(struct dm_err *err, int errnum, const char *fmt, ...)
    DM_PRINTF(3, 4);

/** Out of memory. Returns -1. */
int dm_err_nomem(struct dm_err *err);

/** Put "fmt: " before the message that is there. Returns -1. */
int dm_err_wrap(struct dm_err *err, const char *fmt, ...) DM_PRINTF(2, 3);

/** Name the file that the error is about. Returns -1. */
int dm_err_file(struct dm_err *err, const char *file);

/**
 * "file:line:column: msg", without the parts that are not set, into dst.
 * Always ends with a NUL; cuts what does not fit. Returns dst.
 */
char *dm_err_text(const struct dm_err *err, char *dst, size_t dst_bytes);

#endif
