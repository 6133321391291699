/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* What to do (a byte), then a file of selectors up to an empty line, then
 * records. What comes out are records, as many as went in or fewer; or a
 * report, of which the file that it proposes can be read. */
#include <stdlib.h>

#include "clean/clean.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t n_in;

static void clean_lines(
    struct dm_clean *c, struct dm_str text, struct dm_buf *out)
{
	struct dm_scanner *scanner;
	struct dm_str line;
	struct dm_record r;

	if (dm_scanner_new(dm_clean_forget, c, &scanner, NULL) < 0 ||
	    dm_clean_start(c, scanner, NULL) < 0)
		abort();
	while (dm_str_line(&text, &line)) {
		struct dm_err err;

		if (dm_scan(scanner, line, &r, &err) < 0)
			continue;
		n_in++;
		if (dm_clean_record(c, &r, out, &err) < 0)
			abort();
	}
	if (dm_clean_end(c, out, NULL) < 0)
		abort();
	dm_scanner_free(scanner);
}

static void check_lines(struct dm_str text)
{
	DM_AUTO_SCANNER struct dm_scanner *scanner = NULL;
	struct dm_str line;
	struct dm_record r;

	if (dm_scanner_new(NULL, NULL, &scanner, NULL) < 0)
		abort();
	for (; dm_str_line(&text, &line); n_in--) {
		struct dm_err err;

		if (n_in == 0 || dm_scan(scanner, line, &r, &err) < 0)
			abort();
	}
}

static void check_proposal(struct dm_clean *c)
{
	DM_AUTO_BUF struct dm_buf text = {0};
	struct dm_choice choice = {0};

	if (dm_clean_propose(c, &text, NULL) < 0 ||
	    dm_choice_add_lines(&choice, dm_buf_str(&text), NULL) < 0)
		abort();
	dm_choice_release(&choice);
}

static struct dm_str cut_choice(struct dm_str *text)
{
	struct dm_str choice = *text;

	for (size_t i = 1; i < text->n; i++) {
		if (text->p[i - 1] != '\n' || text->p[i] != '\n')
			continue;
		choice.n = i;
		*text = (struct dm_str){text->p + i + 1, text->n - i - 1};
		return choice;
	}
	return (struct dm_str){"", 0};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dm_str text = {(const char *)data + 1, size - 1};
	DM_AUTO_BUF struct dm_buf out = {0};
	struct dm_clean_options o = {0};
	struct dm_clean *c;
	struct dm_err err;

	if (size == 0)
		return 0;
	o.missing = data[0] % 3;
	o.glitches = data[0] / 3 % 3;
	o.lag = 1 + data[0] / 9 % 3;
	o.report = data[0] % 64 == 63;
	if (dm_choice_add_lines(
		data[0] & 128 ? &o.choices.select : &o.choices.drop,
		cut_choice(&text), &err) < 0 &&
	    err.line == 0)
		abort();
	if (dm_clean_new(&o, &c, NULL) < 0)
		abort();
	n_in = 0;
	clean_lines(c, text, &out);
	if (o.report)
		check_proposal(c);
	else
		check_lines(dm_buf_str(&out));
	dm_clean_free(c);
	dm_choices_release(&o.choices);
	return 0;
}
