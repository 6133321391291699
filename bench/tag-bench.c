/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* tag-bench [-k KERNELS] [-f] [-n SECONDS] FOLDER < SENTENCES: how long a
 * tagger takes to open, and for a sentence; one thread. -f: I8 weights as
 * floats. The time is the process's own, so that others on the machine count
 * little. */
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "tag/tagger.h"

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int complain(const struct dm_err *err)
{
	char text[600];

	fprintf(
	    stderr, "tag-bench: %s\n", dm_err_text(err, text, sizeof(text)));
	return 4;
}

/* Sentences that the model takes, NUL-terminated, and their tokens. */
static size_t read_sentences(
    struct dm_tagger *t, char **ret, size_t max, size_t *ret_tokens)
{
	struct dm_tagged tagged = {0};
	char *line = NULL;
	size_t cap = 0, n = 0;
	ssize_t got;

	while (n < max && (got = getline(&line, &cap, stdin)) > 0) {
		if (line[got - 1] == '\n')
			line[got - 1] = '\0';
		if (dm_tagger_tag(t, dm_str(line), &tagged, NULL) < 0)
			continue;
		*ret_tokens += tagged.tokens.n;
		ret[n++] = line;
		line = NULL;
		cap = 0;
	}
	free(line);
	dm_tagged_release(&tagged);
	return n;
}

/* Seconds of each of the rounds over all of them, the quickest. */
static double quickest(
    struct dm_tagger *t, char **sentences, size_t n, double seconds)
{
	struct dm_tagged tagged = {0};
	double end = cpu_seconds() + seconds, best = 0;

	do {
		double from = cpu_seconds();

		for (size_t i = 0; i < n; i++)
			if (dm_tagger_tag(
				t, dm_str(sentences[i]), &tagged, NULL) < 0)
				return 0;
		from = cpu_seconds() - from;
		best = best == 0 || from < best ? from : best;
	} while (cpu_seconds() < end);
	dm_tagged_release(&tagged);
	return best;
}

static int measure(
    const char *folder, const struct dm_model_options *o, double seconds)
{
	enum {
		MOST = 100000
	};
	static char *sentences[MOST];
	DM_AUTO_TAGGER struct dm_tagger *t = NULL;
	struct rusage used;
	struct dm_err err;
	double open_s = cpu_seconds(), s;
	size_t n, tokens = 0;

	if (dm_tagger_open(folder, o, &t, &err) < 0)
		return complain(&err);
	open_s = cpu_seconds() - open_s;
	n = read_sentences(t, sentences, MOST, &tokens);
	if (n == 0)
		return 2;
	s = quickest(t, sentences, n, seconds);
	getrusage(RUSAGE_SELF, &used);
	printf("%s: open %.1f ms, %zu sentences of %.1f tokens, %.3f ms each, "
	       "%.0f a second, %ld KiB at most\n",
	    o->kernels ? o->kernels->name : dm_kernels_best()->name,
	    open_s * 1e3, n, (double)tokens / (double)n, s / (double)n * 1e3,
	    (double)n / s, used.ru_maxrss);
	for (size_t i = 0; i < n; i++)
		free(sentences[i]);
	return 0;
}

static const struct dm_kernels *by_name(const char *name)
{
	const struct dm_kernels *k;

	for (size_t i = 0; (k = dm_kernels_at(i)); i++)
		if (strcmp(k->name, name) == 0 && k->runs())
			return k;
	return NULL;
}

int main(int argc, char **argv)
{
	struct dm_model_options o = {0};
	double seconds = 2;
	int c;

	while ((c = getopt(argc, argv, "k:fn:")) >= 0) {
		if (c == 'k')
			o.kernels = by_name(optarg);
		else if (c == 'f')
			o.floats = true;
		if (c == '?' || (c == 'k' && !o.kernels) ||
		    (c == 'n' && !dm_num_parse_user(dm_str(optarg), &seconds)))
			return 2;
	}
	if (argc - optind != 1)
		return 2;
	return measure(argv[optind], &o, seconds);
}
