/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* Folders of models that are damaged, hostile, or do not fit together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <unistd.h>

#include "base/file.h"
#include "tag/safetensors.h"
#include "tag/tagger.h"

static char folder[] = "/tmp/dmon-test.XXXXXX";

static const char *const files[] = {
    "config.json", "vocab.txt", "model.safetensors", "tokenizer_config.json"};

static void read_file(const char *name, struct dm_buf *b)
{
	char path[100];

	snprintf(path, sizeof(path), "tests/fixtures/tag/i8/%s", name);
	assert_int_equal(dm_file_read(path, 1 << 20, b, NULL), 0);
}

static void write_file(const char *name, struct dm_str text)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(dm_file_replace(path, text, NULL), 0);
}

static void remove_file(const char *name)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
}

/* A whole model, as the fixture is. */
static int fresh(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		DM_AUTO_BUF struct dm_buf b = {0};

		read_file(files[i], &b);
		write_file(files[i], dm_buf_str(&b));
	}
	remove_file(files[3]);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < DM_COUNT(files); i++)
		remove_file(files[i]);
	return rmdir(folder);
}

/* It does not open, and the message has the file and the reason. */
static void refused(const char *file, const char *why)
{
	struct dm_model_options o = {0};
	struct dm_tagger *t;
	struct dm_err err;
	char text[600];

	assert_int_equal(dm_tagger_open(folder, &o, &t, &err), -1);
	dm_err_text(&err, text, sizeof(text));
	if (!strstr(text, file) || !strstr(text, why))
		fail_msg("\"%s\" lacks \"%s\" or \"%s\"", text, file, why);
}

static void opens(void)
{
	struct dm_model_options o = {0};
	struct dm_tagger *t;
	struct dm_err err;

	if (dm_tagger_open(folder, &o, &t, &err) < 0)
		fail_msg("%s: %s", err.file, err.msg);
	dm_tagger_free(t);
}

/* The file with a piece of its text replaced, of the same length or not. */
static void edit(const char *file, const char *from, const char *to)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	DM_AUTO_BUF struct dm_buf edited = {0};
	const char *at;

	read_file(file, &b);
	at = memmem(b.p, b.n, from, strlen(from));
	assert_non_null(at);
	dm_buf_add(&edited, b.p, (size_t)(at - b.p));
	dm_buf_add_cstr(&edited, to);
	at += strlen(from);
	dm_buf_add(&edited, at, (size_t)(b.p + b.n - at));
	write_file(file, dm_buf_str(&edited));
}

static void edited(
    const char *file, const char *from, const char *to, const char *why)
{
	fresh(NULL);
	edit(file, from, to);
	refused(file, why);
}

static void test_missing(void **state)
{
	(void)state;
	opens();
	for (size_t i = 0; i < 3; i++) {
		fresh(NULL);
		remove_file(files[i]);
		refused(files[i], "No such file");
	}
}

static void test_config(void **state)
{
	const char *f = "config.json";

	(void)state;
	edited(f, "{", "[", "config.json:");
	edited(f, "\"hidden_size\": 20", "\"hidden_size\": -20", "hidden_size");
	edited(f, "\"hidden_size\": 20", "\"hidden_size\": 1e1", "hidden_size");
	edited(f, "\"hidden_size\": 20", "\"hidden_size\": 99999999999",
	    "hidden_size");
	edited(f, "\"num_attention_heads\": 2", "\"num_attention_heads\": 3",
	    "num_attention_heads");
	edited(f, "\"gelu\"", "\"relu\"", "hidden_act: only gelu");
	edited(f, "\"bert\"", "\"roberta\"", "model_type: only bert");
	edited(f, "1e-12", "0", "layer_norm_eps");
	edited(f, "\"8\": ", "\"9\": ", "no label of 1 to 64 bytes for 8");
	edited(f, "\"RULE\"", "7", "no label of 1 to 64 bytes for 8");
	edited(f, "\"O\"", "\"X\"", "there is no label O");
	edited(f, "\"id2label\"", "\"labels\"", "id2label");
}

static void test_mismatched(void **state)
{
	(void)state;
	edited("vocab.txt", "[CLS]\n", "", "there is no [CLS]");
	edited("vocab.txt", "[MASK]\n", "[MASK]\nmore\n", "vocab_size");
	fresh(NULL);
	edit("config.json", "\"num_hidden_layers\": 2",
	    "\"num_hidden_layers\": 3");
	refused("model.safetensors",
	    "tensor bert.encoder.layer.2.attention.self.query.bias is "
	    "missing");
	fresh(NULL);
	edit("config.json", "\"intermediate_size\": 36",
	    "\"intermediate_size\": 37");
	refused("model.safetensors", "config.json asks for 37");
	fresh(NULL);
	edit("config.json", "\"7\": \"NORULE\",\n  \"8\": \"RULE\"",
	    "\"7\": \"RULE\"");
	refused("model.safetensors", "tensor classifier.");
	fresh(NULL);
	edit("config.json", "\"max_position_embeddings\": 48",
	    "\"max_position_embeddings\": 512");
	refused("model.safetensors", "position_embeddings");
}

static void test_options(void **state)
{
	(void)state;
	write_file(files[3], DM_STR("{\"do_lower_case\": false}"));
	opens();
	write_file(files[3], DM_STR("{\"strip_accents\": \"no\"}"));
	refused(files[3], "strip_accents: neither true nor false");
	write_file(files[3], DM_STR("true"));
	refused(files[3], files[3]);
}

static void test_tensors(void **state)
{
	const char *f = "model.safetensors";

	(void)state;
	edited(f, "\"F32\"", "\"F99\"", "its dtype is unknown");
	edited(f, "\"F32\"", "\"I32\"", "only F32, F16, BF16");
	edited(f, "classifier.weight.scale", "classifier.weight.scalf",
	    "tensor classifier.weight.scale is missing");
	edited(f, "\"shape\":[20]", "\"shape\":[21]", "other bytes");
	edited(f, "\"shape\":[20]", "\"shape\":[-1]", "no whole number");
	edited(f, "\"shape\":[20]", "\"shape\":[.2]", "its header");
	edited(
	    f, "\"data_offsets\":[0,", "\"data_offsets\":[4,", "other bytes");
}

/* Cut anywhere, it is refused. */
static void test_truncated(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_safetensors *s;
	struct dm_err err;

	(void)state;
	read_file("model.safetensors", &b);
	for (size_t n = 0; n < b.n; n += n < 3000 ? 1 : 997) {
		DM_AUTO_FREE char *exact = malloc(n ? n : 1);

		assert_non_null(exact);
		memcpy(exact, b.p, n);
		assert_int_equal(dm_safetensors_read(exact, n, &s, &err), -1);
	}
	assert_int_equal(dm_safetensors_read(b.p, b.n, &s, &err), 0);
	dm_safetensors_free(s);
	write_file("model.safetensors", (struct dm_str){b.p, b.n / 2});
	refused("model.safetensors", "beyond the end of the file");
	write_file("model.safetensors", (struct dm_str){b.p, 0});
	refused("model.safetensors", "empty");
}

/* Headers that lie: @header with data of @n bytes */
static void lies(const char *header, size_t n, const char *why)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_safetensors *s = NULL;
	struct dm_err err = {0};
	uint64_t length = strlen(header);

	dm_buf_add(&b, &length, sizeof(length));
	dm_buf_add_cstr(&b, header);
	for (size_t i = 0; i < n; i++)
		dm_buf_add_char(&b, 0);
	if (!why) {
		assert_int_equal(dm_safetensors_read(b.p, b.n, &s, &err), 0);
		dm_safetensors_free(s);
		return;
	}
	assert_int_equal(dm_safetensors_read(b.p, b.n, &s, &err), -1);
	if (!strstr(err.msg, why))
		fail_msg("\"%s\" lacks \"%s\"", err.msg, why);
}

#define A(shape, from, to)                                                     \
	"\"a\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" from \
	"," to "]}"

static void test_lies(void **state)
{
	DM_AUTO_BUF struct dm_buf deep = {0};

	(void)state;
	lies("{}", 0, NULL);
	lies("{" A("[]", "0", "4") "}", 4, NULL);
	lies("{" A("[0,7]", "0", "0") ",\"__metadata__\":{\"x\":\"y\"}}", 0,
	    NULL);
	lies("{}", 1, "1 bytes behind the last");
	lies("[]", 0, "no JSON object");
	lies("{\"a\":1}", 0, "no dtype");
	lies("{" A("[1]", "4", "0") "}", 4, "ends before it begins");
	lies("{" A("[1]", "0", "8") "}", 4, "beyond the end");
	lies("{" A("[1]", "0", "18446744073709551620") "}", 4, "its header");
	lies("{" A("[1]", "-4", "0") "}", 4, "not two numbers");
	lies("{" A("[4611686018427387905]", "0", "4") "}", 4, "overflows");
	lies(
	    "{" A("[2147483648,2147483649,4]", "0", "16") "}", 16, "overflows");
	lies("{" A("[1,1,1,1,1,1,1,1,1]", "0", "4") "}", 4, "eight");
	lies(
	    "{" A("[1]", "0", "4") "," A("[1]", "0", "4") "}", 4, "its header");
	lies("{" A("[1]", "0", "4") ",\"b\":{\"dtype\":\"I8\",\"shape\":[2],"
				    "\"data_offsets\":[3,5]}}",
	    5, "where the one before it ends");
	for (int i = 0; i < 100000; i++)
		dm_buf_add_char(&deep, '[');
	lies(dm_buf_cstr(&deep), 0, "its header");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(test_missing, fresh),
    cmocka_unit_test(test_config),
    cmocka_unit_test(test_mismatched),
    cmocka_unit_test_setup(test_options, fresh),
    cmocka_unit_test(test_tensors),
    cmocka_unit_test_setup(test_truncated, fresh),
    cmocka_unit_test(test_lies),
};

int main(void)
{
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
