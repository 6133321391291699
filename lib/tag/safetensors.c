/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "tag/safetensors.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"

#define HEADER_MAX_BYTES (16u << 20)
#define PAGE_BYTES	 ((uintptr_t)4096)

struct dm_safetensors {
	void *mapped; /* NULL: the bytes are the caller's */
	size_t mapped_bytes;
	const unsigned char *data;
	size_t data_bytes;
	json_t *header; /* owns the names */
	struct dm_tensor *list;
	size_t n;
	struct dm_map by_name;
};

static const struct {
	const char *name;
	enum dm_dtype dtype;
	unsigned bytes;
} dtypes[] = {
    {"F32", DM_DTYPE_F32, 4},
    {"F16", DM_DTYPE_F16, 2},
    {"BF16", DM_DTYPE_BF16, 2},
    {"I8", DM_DTYPE_I8, 1},
    {"F64", DM_DTYPE_OTHER, 8},
    {"I64", DM_DTYPE_OTHER, 8},
    {"U64", DM_DTYPE_OTHER, 8},
    {"I32", DM_DTYPE_OTHER, 4},
    {"U32", DM_DTYPE_OTHER, 4},
    {"I16", DM_DTYPE_OTHER, 2},
    {"U16", DM_DTYPE_OTHER, 2},
    {"U8", DM_DTYPE_OTHER, 1},
    {"BOOL", DM_DTYPE_OTHER, 1},
    {"F8_E5M2", DM_DTYPE_OTHER, 1},
    {"F8_E4M3", DM_DTYPE_OTHER, 1},
};

static int wrong(
    const struct dm_tensor *t, const char *what, struct dm_err *err)
{
	return dm_err_set(err, DM_EPARSE, "tensor %.100s: %s", t->name, what);
}

/* An integer of the header that is no less than 0. */
static bool whole(const json_t *j, size_t *ret)
{
	if (!json_is_integer(j) || json_integer_value(j) < 0)
		return false;
	*ret = (size_t)json_integer_value(j);
	return true;
}

static int read_shape(const json_t *shape, unsigned item_bytes,
    struct dm_tensor *t, struct dm_err *err)
{
	size_t bytes = item_bytes;

	if (!json_is_array(shape))
		return wrong(t, "its shape is no array", err);
	if (json_array_size(shape) > DM_TENSOR_RANK)
		return wrong(t, "of more than eight dimensions", err);
	t->rank = (unsigned)json_array_size(shape);
	for (unsigned i = 0; i < t->rank; i++) {
		if (!whole(json_array_get(shape, i), &t->shape[i]))
			return wrong(t, "a dimension is no whole number", err);
		if (__builtin_mul_overflow(bytes, t->shape[i], &bytes))
			return wrong(t, "its size overflows", err);
	}
	if (bytes != t->bytes)
		return wrong(
		    t, "its shape asks for other bytes than it has", err);
	t->items = bytes / item_bytes;
	return 0;
}

static int read_tensor(const struct dm_safetensors *s, const json_t *j,
    struct dm_tensor *t, struct dm_err *err)
{
	const json_t *offsets = json_object_get(j, "data_offsets");
	const char *dtype = json_string_value(json_object_get(j, "dtype"));
	size_t begin, end;

	if (!dtype)
		return wrong(t, "it has no dtype", err);
	if (json_array_size(offsets) != 2 ||
	    !whole(json_array_get(offsets, 0), &begin) ||
	    !whole(json_array_get(offsets, 1), &end))
		return wrong(t, "its data_offsets are not two numbers", err);
	if (begin > end)
		return wrong(t, "it ends before it begins", err);
	if (end > s->data_bytes)
		return wrong(t, "it goes beyond the end of the file", err);
	t->data = s->data + begin;
	t->bytes = end - begin;
	for (size_t i = 0; i < DM_COUNT(dtypes); i++)
		if (strcmp(dtype, dtypes[i].name) == 0) {
			t->dtype = dtypes[i].dtype;
			return read_shape(json_object_get(j, "shape"),
			    dtypes[i].bytes, t, err);
		}
	return wrong(t, "its dtype is unknown", err);
}

static int by_place(const void *a, const void *b)
{
	const struct dm_tensor *x = a, *y = b;

	if (x->data != y->data)
		return x->data < y->data ? -1 : 1;
	return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

/* As the format asks: no byte of the data belongs to two, or to none. */
static int check_places(struct dm_safetensors *s, struct dm_err *err)
{
	const unsigned char *end = s->data;

	if (s->n)
		qsort(s->list, s->n, sizeof(*s->list), by_place);
	for (size_t i = 0; i < s->n; i++) {
		const struct dm_tensor *t = &s->list[i];

		if (t->data != end)
			return wrong(t,
			    "it does not begin where the one before it ends",
			    err);
		end += t->bytes;
	}
	if (end != s->data + s->data_bytes)
		return dm_err_set(err, DM_EPARSE,
		    "%zu bytes behind the last tensor",
		    (size_t)(s->data + s->data_bytes - end));
	return 0;
}

static int read_tensors(struct dm_safetensors *s, struct dm_err *err)
{
	const char *name;
	json_t *j;

	s->list = calloc(json_object_size(s->header) + 1, sizeof(*s->list));
	if (!s->list)
		return dm_err_nomem(err);
	json_object_foreach(s->header, name, j)
	{
		struct dm_tensor *t = &s->list[s->n];

		if (strcmp(name, "__metadata__") == 0)
			continue;
		t->name = name;
		if (read_tensor(s, j, t, err) < 0)
			return -1;
		s->n++;
	}
	if (check_places(s, err) < 0)
		return -1;
	for (size_t i = 0; i < s->n; i++)
		if (dm_map_put(&s->by_name, dm_str(s->list[i].name),
			&s->list[i], err) < 0)
			return -1;
	return 0;
}

static int read_all(struct dm_safetensors *s, const unsigned char *p, size_t n,
    struct dm_err *err)
{
	uint64_t header_bytes;
	json_error_t why;

	if (n < sizeof(header_bytes))
		return dm_err_set(err, DM_EPARSE,
		    "%zu bytes: shorter than any safetensors file", n);
	memcpy(&header_bytes, p, sizeof(header_bytes));
	header_bytes = le64toh(header_bytes);
	p += sizeof(header_bytes);
	n -= sizeof(header_bytes);
	if (header_bytes > n)
		return dm_err_set(err, DM_EPARSE,
		    "its header goes beyond its end: truncated, or no "
		    "safetensors file");
	if (header_bytes > HEADER_MAX_BYTES)
		return dm_err_set(err, DM_ELIMIT,
		    "a header of more than %u bytes", HEADER_MAX_BYTES);
	s->data = p + header_bytes;
	s->data_bytes = n - header_bytes;
	s->header = json_loadb((const char *)p, (size_t)header_bytes,
	    JSON_REJECT_DUPLICATES, &why);
	if (!s->header)
		return dm_err_set(err, DM_EPARSE, "its header: %s", why.text);
	if (!json_is_object(s->header))
		return dm_err_set(
		    err, DM_EPARSE, "its header is no JSON object");
	return read_tensors(s, err);
}

int dm_safetensors_read(const void *bytes, size_t n,
    struct dm_safetensors **ret, struct dm_err *err)
{
	DM_AUTO_SAFETENSORS struct dm_safetensors *s = calloc(1, sizeof(*s));

	if (!s)
		return dm_err_nomem(err);
	if (read_all(s, bytes, n, err) < 0)
		return -1;
	*ret = dm_steal(&s);
	return 0;
}

/* A mapping outlives its descriptor. */
static int map_file(
    const char *path, void **ret, size_t *ret_bytes, struct dm_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	void *p = NULL;
	int saved;

	if (fd < 0)
		return dm_err_errno(err, errno, "cannot open");
	errno = 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		p = mmap(
		    NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	saved = errno;
	close(fd);
	if (p == MAP_FAILED || saved)
		return dm_err_errno(err, saved, "cannot map");
	if (!p)
		return dm_err_set(err, DM_EPARSE, "empty, or no regular file");
	*ret = p;
	*ret_bytes = (size_t)st.st_size;
	return 0;
}

int dm_safetensors_open(
    const char *path, struct dm_safetensors **ret, struct dm_err *err)
{
	DM_AUTO_SAFETENSORS struct dm_safetensors *s = calloc(1, sizeof(*s));

	if (!s)
		return dm_err_nomem(err);
	if (map_file(path, &s->mapped, &s->mapped_bytes, err) < 0 ||
	    read_all(s, s->mapped, s->mapped_bytes, err) < 0)
		return dm_err_file(err, path);
	*ret = dm_steal(&s);
	return 0;
}

void dm_safetensors_free(struct dm_safetensors *s)
{
	if (!s)
		return;
	if (s->mapped)
		munmap(s->mapped, s->mapped_bytes);
	json_decref(s->header);
	dm_map_release(&s->by_name);
	free(s->list);
	free(s);
}

const struct dm_tensor *dm_safetensors_get(
    const struct dm_safetensors *s, const char *name)
{
	return dm_map_get(&s->by_name, dm_str(name));
}

const struct dm_tensor *dm_safetensors_at(
    const struct dm_safetensors *s, size_t i)
{
	return i < s->n ? &s->list[i] : NULL;
}

void dm_safetensors_drop(
    const struct dm_safetensors *s, const struct dm_tensor *t)
{
	uintptr_t from = (uintptr_t)t->data, to = from + t->bytes;

	from = (from + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
	to &= ~(PAGE_BYTES - 1);
	/* Of a private mapping that is never written to: it is read again
	 * from the file. It saves memory only; a failure is none. */
	if (s->mapped && from < to)
		(void)madvise((void *)from, to - from, MADV_DONTNEED);
}

/* Subnormal halves are their mantissa times 2^-24. */
static float half(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16;
	uint32_t exponent = h >> 10 & 31, mantissa = h & 0x3ff;
	uint32_t bits;
	float f;

	if (exponent == 0) {
		f = (float)mantissa * 0x1p-24f;
		return sign ? -f : f;
	}
	exponent = exponent == 31 ? 255 : exponent + 112;
	bits = sign | exponent << 23 | mantissa << 13;
	memcpy(&f, &bits, sizeof(f));
	return f;
}

void dm_tensor_floats(
    const struct dm_tensor *t, size_t from, size_t n, float *ret)
{
	const unsigned char *p = t->data;

	if (t->dtype == DM_DTYPE_I8) {
		for (size_t i = 0; i < n; i++)
			ret[i] = (float)(int8_t)p[from + i];
		return;
	}
	if (t->dtype == DM_DTYPE_F32) {
		for (size_t i = 0; i < n; i++) {
			uint32_t bits;

			memcpy(&bits, p + 4 * (from + i), sizeof(bits));
			bits = le32toh(bits);
			memcpy(&ret[i], &bits, sizeof(bits));
		}
		return;
	}
	for (size_t i = 0; i < n; i++) {
		uint16_t h;
		uint32_t bits;

		memcpy(&h, p + 2 * (from + i), sizeof(h));
		h = le16toh(h);
		bits = (uint32_t)h << 16;
		if (t->dtype == DM_DTYPE_F16)
			ret[i] = half(h);
		else
			memcpy(&ret[i], &bits, sizeof(bits));
	}
}
