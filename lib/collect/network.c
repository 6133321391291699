/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/network.h"

#include <errno.h>
#include <stdio.h>

/* Counters come in turns, this far apart, and neighbours. */
#define TURN_US (14 * DM_US_PER_S)
/* Whether somebody listens to all packets is looked at this far apart, and
 * neighbours of whom the kernel does not tell. */
#define LOOK_US (3 * DM_US_PER_S)
/* No table of sockets is older. */
#define TABLES_US (60 * DM_US_PER_S)
/* Were all due at once, so long would it take to read them. */
#define BURST_US (30 * DM_US_PER_S)

/* A runtime moves a container's first process into its namespace shortly
 * after the container can be seen. */
#define YOUNG_SWEEPS 16

#define CANDIDATES_MAX 32

struct state {
	struct dm_net_reader reader;
	struct dm_net_ears ears;
	uint32_t host; /* inode of the host's network namespace; 0: unknown */
	struct dm_map owners;	       /* of namespaces, by their inode */
	bool changed;		       /* they are to be chosen anew */
	unsigned serial, turns, looks; /* in sweeps */
	size_t left; /* containers whose tables may be read in this sweep */
	bool said;   /* that namespaces cannot be seen */
	bool deaf;   /* and so is this */
};

static void close_network(void *state)
{
	struct state *s = state;

	dm_map_release(&s->owners);
	dm_net_ears_release(&s->ears);
	dm_net_reader_release(&s->reader);
	free(s);
}

static unsigned sweeps_in(int64_t us, int64_t interval_us)
{
	return interval_us > 0 && interval_us < us
		   ? (unsigned)(us / interval_us)
		   : 1;
}

static int open_network(
    struct dm_collect *c, unsigned index, void **ret_state, struct dm_err *err)
{
	struct state *s = calloc(1, sizeof(*s));

	(void)index;
	if (!s)
		return dm_err_nomem(err);
	s->ears.fd = -1;
	if (dm_net_reader_init(&s->reader, &c->options, err) < 0) {
		close_network(s);
		return -1;
	}
	/* The collector's own is the host's; a recording may lack it. */
	if (dm_net_namespace(&s->reader, "self", &s->host) != 0)
		(void)dm_net_namespace(&s->reader, "1", &s->host);
	s->turns = sweeps_in(TURN_US, c->options.interval_us);
	s->looks = sweeps_in(LOOK_US, c->options.interval_us);
	dm_net_ears_open(&s->ears, &s->reader, &c->options);
	*ret_state = s;
	return 0;
}

/* Another namespace: nothing of what was read is of it. */
static void set_namespace(struct state *s, struct dm_net_box *box, uint32_t ns)
{
	struct dm_net_interface *interfaces = box->values.interfaces;

	if (ns == box->ns)
		return;
	dm_net_close_dev(&s->reader, box);
	dm_neighbours_release(&box->neighbours);
	dm_ndp_release(&box->ndp);
	box->values = (struct dm_net_values){.interfaces = interfaces};
	box->ns = ns;
	box->due = box->tabled = box->asked = box->heard = false;
	box->turns = 0;
	s->changed = true;
}

static bool listed(const struct dm_container *container, pid_t pid)
{
	for (size_t i = 0; i < container->n_pids; i++) {
		if (container->pids[i] == pid)
			return true;
	}
	return false;
}

static int namespace_of(const struct state *s, pid_t pid, uint32_t *ret)
{
	char who[16];

	snprintf(who, sizeof(who), "%d", pid);
	return dm_net_namespace(&s->reader, who, ret);
}

/*
 * A process of the container that is in its network namespace: one that is in
 * the namespace known so far, else the engine's first process, else the first
 * in the kernel's list. Returns 0 or an errno.
 */
static int choose_process(const struct state *s,
    const struct dm_container *container, const struct dm_net_box *box,
    pid_t *ret_pid, uint32_t *ret_ns)
{
	size_t n = container->n_pids;
	int error = ESRCH;
	pid_t pid = 0;
	uint32_t ns;

	if (container->init_pid > 0 && listed(container, container->init_pid) &&
	    namespace_of(s, container->init_pid, &ns) == 0) {
		pid = container->init_pid;
		*ret_ns = ns;
	}
	for (size_t i = 0; i < n && i < CANDIDATES_MAX; i++) {
		int why;

		if (pid && (box->ns == 0 || *ret_ns == box->ns))
			break;
		why = namespace_of(s, container->pids[i], &ns);
		if (why == 0 && (!pid || ns == box->ns)) {
			pid = container->pids[i];
			*ret_ns = ns;
		}
		if (why != ENOENT && why != ESRCH)
			error = why;
	}
	if (!pid)
		return error;
	*ret_pid = pid;
	return 0;
}

/* Is it the box's turn, or is the container so young that its process may
 * still be on its way? Those of the first sweep are mostly old. */
static bool look_again(const struct state *s, const struct dm_collect *c,
    const struct dm_container *container, const struct dm_net_box *box)
{
	return (c->sweep + box->serial) % s->turns == 0 ||
	       (container->first_sweep > 0 &&
		   c->sweep - container->first_sweep < YOUNG_SWEEPS);
}

static void find_process(struct state *s, const struct dm_collect *c,
    const struct dm_container *container, struct dm_net_box *box)
{
	bool known = box->pid && listed(container, box->pid);
	pid_t pid = 0;
	uint32_t ns;

	if (known && !look_again(s, c, container, box))
		return;
	if (known && namespace_of(s, box->pid, &ns) == 0 && ns == box->ns)
		return;
	box->error = choose_process(s, container, box, &pid, &ns);
	if (pid != box->pid) {
		box->start = pid ? dm_net_start(&s->reader, pid) : 0;
		box->pid = pid;
		s->changed = true;
	}
	if (pid)
		set_namespace(s, box, ns);
	else
		dm_net_close_dev(&s->reader, box);
}

/* Older, or found earlier. */
static bool before(const struct dm_net_box *a, const struct dm_net_box *b)
{
	return a->start != b->start ? a->start < b->start
				    : a->serial < b->serial;
}

/*
 * Containers that share a namespace: it is the one's whose process is the
 * oldest, in a pod the sandbox, as the others were put into it.
 */
static int choose_owners(struct state *s, const struct dm_collect *c,
    unsigned index, struct dm_err *err)
{
	dm_map_clear(&s->owners);
	for (size_t i = 0; i < c->n_containers; i++) {
		struct dm_net_box *box = c->containers[i]->state[index], *other;
		struct dm_str key = {(const char *)&box->ns, sizeof(box->ns)};

		box->owner = false;
		if (!box->pid || box->ns == s->host)
			continue;
		other = dm_map_get(&s->owners, key);
		if (other && before(other, box))
			continue;
		if (other)
			other->owner = false;
		if (dm_map_put(&s->owners, key, box, err) < 0)
			return -1;
		box->owner = true;
	}
	s->changed = false;
	return 0;
}

/* Once they are chosen, for the map lends from them. */
static int hear_owners(struct state *s, const struct dm_collect *c,
    unsigned index, struct dm_err *err)
{
	dm_map_clear(&s->ears.by_nsid);
	for (size_t i = 0; i < c->n_containers; i++) {
		struct dm_net_box *box = c->containers[i]->state[index];

		if (!box->owner)
			continue;
		if (dm_net_ears_add(&s->ears, &s->reader, box, err) < 0)
			return -1;
		if (box->heard || s->deaf || s->ears.why.code == DM_OK)
			continue;
		s->deaf = true;
		if (c->warn)
			c->warn(
			    c->warn_ctx, dm_source_network.name, &s->ears.why);
	}
	return 0;
}

static struct dm_net_box *box_of(
    struct state *s, struct dm_container *container, unsigned index)
{
	struct dm_net_box *box = container->state[index];

	if (box)
		return box;
	box = calloc(1, sizeof(*box));
	if (!box)
		return NULL;
	box->dev.fd = -1;
	box->serial = s->serial++;
	container->state[index] = box;
	return box;
}

static size_t containers_in_a_sweep(const struct dm_collect *c)
{
	int64_t interval_us = c->options.interval_us;

	if (interval_us == 0 || interval_us >= BURST_US)
		return SIZE_MAX;
	return 1 + c->n_containers * (size_t)interval_us / BURST_US;
}

static int sample(
    struct dm_collect *c, unsigned index, void *state, struct dm_err *err)
{
	struct state *s = state;

	if (s->host == 0)
		return dm_err_set(err, DM_EPERM,
		    "the host's own network namespace cannot be seen");
	for (size_t i = 0; i < c->n_containers; i++) {
		struct dm_net_box *box = box_of(s, c->containers[i], index);

		if (!box)
			return dm_err_nomem(err);
		find_process(s, c, c->containers[i], box);
	}
	s->left = containers_in_a_sweep(c);
	if (!s->changed)
		return 0;
	return choose_owners(s, c, index, err) < 0
		   ? -1
		   : hear_owners(s, c, index, err);
}

/* Would they be too old by the next turn? */
static bool tables_due(const struct state *s, const struct dm_collect *c,
    const struct dm_net_box *box)
{
	int64_t turn_us = s->turns * c->options.interval_us;
	int64_t age_us = c->ts_us - box->tables_us;

	return !box->tabled || age_us < 0 || age_us + turn_us > TABLES_US;
}

/* Returns 0, or ENOMEM. */
static int take_turns(
    struct state *s, const struct dm_collect *c, struct dm_net_box *box)
{
	bool first = box->turns == 0;
	bool turn = first || (c->sweep + box->serial) % s->turns == 0;
	bool look = first || (c->sweep + box->serial) % s->looks == 0;
	int error = 0;

	if (turn) {
		bool late = box->due;

		error = dm_net_read_counters(&s->reader, box);
		box->due = box->due && (late || tables_due(s, c, box));
		box->turns++;
	}
	if (error == 0 && (turn || box->news || (look && !box->heard)))
		error = dm_net_read_neighbours(&s->reader, box);
	box->news = false;
	if (error == 0 && look)
		error = dm_net_read_promiscuous(&s->reader, box);
	if (error == 0 && box->due && s->left) {
		s->left--;
		dm_net_read_tables(&s->reader, box);
		box->due = false;
		box->tabled = true;
		box->tables_us = c->ts_us;
	}
	return error;
}

/* Said once for all of them. */
static int not_seen(struct state *s, const struct dm_collect *c,
    const struct dm_container *container, int error, struct dm_err *err)
{
	dm_err_errno(err, error, "network namespace of %.12s", container->id);
	if (err->code != DM_EPERM)
		return -1;
	if (!s->said && c->warn)
		c->warn(c->warn_ctx, dm_source_network.name, err);
	s->said = true;
	return dm_err_set(err, DM_ENODATA, "cannot be seen");
}

static int sample_container(struct dm_collect *c, unsigned index, void *state,
    struct dm_container *container, struct dm_err *err)
{
	struct dm_net_box *box = container->state[index];
	struct state *s = state;
	int error;

	if (!box->pid)
		return not_seen(s, c, container, box->error, err);
	if (!box->owner) {
		dm_net_close_dev(&s->reader, box);
		return 0;
	}
	error = take_turns(s, c, box);
	if (error == 0)
		error = dm_net_read_dev(&s->reader, box);
	if (error)
		return dm_err_errno(
		    err, error, "net/dev of %.12s", container->id);
	dm_net_write(&box->values, dm_buf_str(&s->reader.text),
	    &container->parts[index]);
	dm_neighbours_write(&box->neighbours, &container->parts[index].main);
	if (box->heard)
		dm_ndp_write(&box->ndp, &container->parts[index].main);
	return 0;
}

static int finish(
    struct dm_collect *c, unsigned index, void *state, struct dm_err *err)
{
	const struct state *s = state;

	(void)err;
	dm_part_clear(&c->host[index]);
	if (s->ears.fd >= 0)
		dm_metrics_u64(&c->host[index].main,
		    "dmon_neighbour_overflows_total", s->ears.lost);
	return 0;
}

static int descriptor(void *state)
{
	return ((const struct state *)state)->ears.fd;
}

static int hear(
    struct dm_collect *c, void *state, struct dm_buf *out, struct dm_err *err)
{
	struct state *s = state;

	(void)c, (void)out;
	return dm_net_ears_take(&s->ears, err);
}

static void forget(void *state, struct dm_container *container, unsigned index)
{
	struct dm_net_box *box = container->state[index];
	struct state *s = state;

	if (!box)
		return;
	dm_net_close_dev(&s->reader, box);
	/* The maps lend from the boxes. */
	dm_map_clear(&s->owners);
	dm_map_clear(&s->ears.by_nsid);
	s->changed = true;
	free(box->values.interfaces);
	dm_neighbours_release(&box->neighbours);
	dm_ndp_release(&box->ndp);
	free(box);
	container->state[index] = NULL;
}

const struct dm_source dm_source_network = {
    .name = "network",
    .help = "containers' interfaces, sockets and protocol counters",
    .needs = "CAP_SYS_PTRACE to see which network namespace a process is in, "
	     "CAP_NET_ADMIN and CAP_NET_BROADCAST to hear of its neighbours",
    .needs_capabilities = true,
    .open = open_network,
    .sample = sample,
    .container = sample_container,
    .finish = finish,
    .descriptor = descriptor,
    .hear = hear,
    .forget = forget,
    .close = close_network,
};
