/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

DM_PRINTF(5, 0)
static void set_va(struct dm_err *err, enum dm_code code, unsigned line,
    unsigned column, const char *fmt, va_list ap)
{
	char raw[DM_ERR_MSG_BYTES];

	err->code = code;
	err->line = line;
	err->column = column;
	err->file[0] = '\0';
	if (vsnprintf(raw, sizeof(raw), fmt, ap) < 0)
		raw[0] = '\0';
	dm_utf8_printable(err->msg, sizeof(err->msg), raw, strlen(raw));
}

int dm_err_set(struct dm_err *err, enum dm_code code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	va_start(ap, fmt);
	set_va(err, code, 0, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int dm_err_at(struct dm_err *err, enum dm_code code, unsigned line,
    unsigned column, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	va_start(ap, fmt);
	set_va(err, code, line, column, fmt, ap);
	va_end(ap);
	return -1;
}

static enum dm_code code_of_errno(int errnum)
{
	switch (errnum) {
	case EACCES:
	case EPERM:
		return DM_EPERM;
	case ENOMEM:
		return DM_ENOMEM;
	case ENOENT:
	case ESRCH:
	case ENODEV:
		return DM_ENODATA;
	default:
		return DM_ESYS;
	}
}

int dm_err_errno(struct dm_err *err, int errnum, const char *fmt, ...)
{
	char what[DM_ERR_MSG_BYTES];
	va_list ap;

	if (!err)
		return -1;
	va_start(ap, fmt);
	if (vsnprintf(what, sizeof(what), fmt, ap) < 0)
		what[0] = '\0';
	va_end(ap);
	return dm_err_set(
	    err, code_of_errno(errnum), "%s: %s", what, strerror(errnum));
}

int dm_err_nomem(struct dm_err *err)
{
	return dm_err_set(err, DM_ENOMEM, "out of memory");
}

int dm_err_wrap(struct dm_err *err, const char *fmt, ...)
{
	char what[DM_ERR_MSG_BYTES], inner[DM_ERR_MSG_BYTES];
	char raw[2 * DM_ERR_MSG_BYTES + 2];
	va_list ap;

	if (!err)
		return -1;
	va_start(ap, fmt);
	if (vsnprintf(what, sizeof(what), fmt, ap) < 0)
		what[0] = '\0';
	va_end(ap);
	memcpy(inner, err->msg, sizeof(inner));
	snprintf(raw, sizeof(raw), "%s: %s", what, inner);
	dm_utf8_printable(err->msg, sizeof(err->msg), raw, strlen(raw));
	return -1;
}

int dm_err_file(struct dm_err *err, const char *file)
{
	if (err)
		dm_utf8_printable(
		    err->file, sizeof(err->file), file, strlen(file));
	return -1;
}

char *dm_err_text(const struct dm_err *err, char *dst, size_t dst_bytes)
{
	char place[32] = "";

	if (err->line && err->column)
		snprintf(
		    place, sizeof(place), "%u:%u:", err->line, err->column);
	else if (err->line)
		snprintf(place, sizeof(place), "%u:", err->line);
	snprintf(dst, dst_bytes, "%s%s%s%s%s", err->file,
	    err->file[0] ? ":" : "", place, err->file[0] || place[0] ? " " : "",
	    err->msg);
	return dst;
}
