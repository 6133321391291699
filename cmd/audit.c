/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit.h"

#include <stdio.h>

#include "base/utf8.h"

/* Four bytes are shown for each that is not fit for a terminal. */
#define TEXT_BYTES 2048

static void print_text(struct dm_str text)
{
	char safe[TEXT_BYTES];

	dm_utf8_printable(safe, sizeof(safe), text.p, text.n);
	fputs(safe, stdout);
}

static void print_head(const struct dm_posture_report *r)
{
	const struct dm_container *c = r->container;

	print_text(dm_str(c->name ? c->name : c->cgroup));
	if (c->image) {
		fputs(" (", stdout);
		print_text(dm_str(c->image));
		putchar(')');
	}
	if (r->declared || r->effective)
		printf(": score %u of 100\n", r->score);
	else
		puts(": not seen");
	if (c->name) {
		fputs("  ", stdout);
		print_text(dm_str(c->cgroup));
		putchar('\n');
	}
	if (!r->declared)
		puts("  The engine has not said what was declared.");
	if (!r->effective)
		puts("  No process of it could be looked at.");
}

static bool found(const struct dm_posture_side *s, enum dm_posture_check check)
{
	return s && dm_posture_has(s->found, check);
}

static bool seen(const struct dm_posture_side *s, enum dm_posture_check check)
{
	return s && dm_posture_has(s->seen, check);
}

static const char *where(
    const struct dm_posture_report *r, enum dm_posture_check check)
{
	if (seen(r->declared, check) && seen(r->effective, check) &&
	    dm_posture_differs(r->declared, r->effective, check))
		return "in effect, but not as declared";
	if (found(r->declared, check) && found(r->effective, check))
		return "declared, in effect";
	if (found(r->effective, check))
		return "in effect";
	return seen(r->effective, check) ? "declared, not in effect"
					 : "declared";
}

static void print_finding(
    const struct dm_posture_report *r, enum dm_posture_check check)
{
	const struct dm_posture_entry *is = &dm_posture_table[check];
	const struct dm_buf *note = NULL;

	if (found(r->effective, check))
		note = &r->effective->notes[check];
	if ((!note || note->n == 0) && found(r->declared, check))
		note = &r->declared->notes[check];
	printf("  %-8s  %-22s  %s\n", dm_posture_severity_names[is->severity],
	    is->name, where(r, check));
	printf("            %s\n", is->what);
	if (note && note->n) {
		fputs("            found: ", stdout);
		print_text(dm_buf_str(note));
		putchar('\n');
	}
	printf("            do: %s\n", is->advice);
}

static void print_unseen(const struct dm_posture_report *r)
{
	const char *before = "  Not seen: ";

	if (!r->declared && !r->effective)
		return;
	for (unsigned i = 0; i < DM_POSTURE_N; i++) {
		if (seen(r->declared, i) || seen(r->effective, i))
			continue;
		printf("%s%s", before, dm_posture_table[i].name);
		before = ", ";
	}
	if (*before == ',')
		putchar('\n');
}

void dm_audit_print(struct dm_audit *a, const struct dm_posture_report *r)
{
	if (a->containers++)
		putchar('\n');
	print_head(r);
	for (unsigned s = DM_POSTURE_SEVERITIES; s-- > 0;) {
		for (unsigned i = 0; i < DM_POSTURE_N; i++) {
			if (dm_posture_table[i].severity != s ||
			    (!found(r->declared, i) && !found(r->effective, i)))
				continue;
			print_finding(r, i);
			a->findings[s]++;
		}
	}
	print_unseen(r);
}

void dm_audit_end(const struct dm_audit *a)
{
	printf("%s%zu containers: %zu critical, %zu warning, %zu info\n",
	    a->containers ? "\n" : "", a->containers,
	    a->findings[DM_POSTURE_CRITICAL], a->findings[DM_POSTURE_WARNING],
	    a->findings[DM_POSTURE_INFO]);
}
