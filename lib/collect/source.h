/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_SOURCE_H
#define DM_COLLECT_SOURCE_H

#include <sys/types.h>

#include "base/map.h"
#include "record/write.h"

/*
 * How a sweep comes about. The core finds the containers (by their cgroups)
 * and the processes in them, then asks each source in the table's order to
 * sample. A source leaves what it measured as text in parts: one for the
 * host, one for each container. The core writes the records container by
 * container, then the host's: what all sources say of the same labels in one
 * record, then rows with further labels; and then the sweep records. The
 * parts of a source whose sample failed are left out.
 *
 * A source writes containers' parts in one of two ways:
 * - in `sample`, for many containers at once. The part stays in memory until
 *   the source writes it again, and so a slow source is repeated. For what
 *   comes from one request to a daemon.
 * - in `container`, asked for one container after the other, each right
 *   before its records are written. The part is empty then and does not
 *   stay: a thousand containers share one, which saves megabytes and cache
 *   misses. For what is read afresh from the kernel.
 */

/** Metrics as text, and how many they are. Add with dm_metrics_…. */
struct dm_metrics {
	struct dm_buf text;
	unsigned n;
};

void dm_metrics_u64(struct dm_metrics *m, const char *name, uint64_t value);
void dm_metrics_double(struct dm_metrics *m, const char *name, double value);
/** value / 10^decimals, exactly. */
void dm_metrics_scaled(
    struct dm_metrics *m, const char *name, int64_t value, unsigned decimals);

/** A record of its own within a part: further labels, own metrics. The texts
 * lie in the part's text. */
struct dm_row {
	const char *kind;	   /* "container", "process", "host", "info" */
	uint32_t labels, labels_n; /* offset and length */
	uint32_t metrics, metrics_n; /* offset and length */
	unsigned n;		     /* metrics */
};

/** What one source says of the host or of one container. */
struct dm_part {
	struct dm_metrics main; /* of the record without further labels */
	struct dm_row *rows;
	size_t n_rows, cap_rows;
	struct dm_buf text; /* of the rows */
};

/** Empty again; memory is kept. Called by a source before it writes. */
void dm_part_clear(struct dm_part *p);
void dm_part_release(struct dm_part *p);

/**
 * A row is written in this order:
 *
 *	dm_row_begin(part, "container");
 *	dm_record_label(&part->text, "interface", DM_STR("eth0"));
 *	dm_row_metrics(part);
 *	dm_row_u64(part, "container_network_receive_bytes_total", 5);
 *	dm_row_end(part);
 *
 * The subject's own labels are not repeated in it: the core adds them.
 */
void dm_row_begin(struct dm_part *p, const char *kind);
void dm_row_metrics(struct dm_part *p);
void dm_row_u64(struct dm_part *p, const char *name, uint64_t value);
void dm_row_double(struct dm_part *p, const char *name, double value);
void dm_row_scaled(
    struct dm_part *p, const char *name, int64_t value, unsigned decimals);
void dm_row_end(struct dm_part *p);

#define DM_SOURCES_MAX 12

struct dm_proc_base;	  /* collect/proc.h */
struct dm_proc_box;	  /* likewise */
struct dm_posture_side;	  /* collect/posture.h */
struct dm_docker_log;	  /* collect/docker-log.h */
struct dm_posture_report; /* likewise */

/** A container that the core has found by its cgroup. */
struct dm_container {
	char *id;     /* the engine's: 64 hex digits, or LXC's name */
	char *cgroup; /* path below the hierarchy's root: the label `id` */
	const char *runtime; /* "docker", "containerd", "crio", "podman", … */
	/* Filled in by the docker source, or NULL. Kept when the engine is
	 * gone. Any change must be told: dm_container_relabel. */
	char *name;
	char *image;
	struct dm_buf extra_labels; /* "container_label_x":"y" as text */
	pid_t init_pid;		    /* as the engine says; 0: not known */

	/* This sweep's processes (thread group ids), as the host counts, in
	 * the order of the kernel; of nested cgroups too. */
	pid_t *pids;
	size_t n_pids, cap_pids;

	/* The proc source's: what its first process had; NULL: not there. */
	const struct dm_proc_base *base;
	/* Likewise: its processes in this sweep. */
	const struct dm_proc_box *box;

	/* The docker source's: what the engine was asked for when it was
	 * made; NULL: not known. */
	const struct dm_posture_side *declared;

	/* The docker source's: where its log is; NULL: not known. */
	const struct dm_docker_log *log;

	struct dm_part parts[DM_SOURCES_MAX]; /* by the source's index */
	void *state[DM_SOURCES_MAX];	      /* the source's own; see forget */
	struct dm_buf labels; /* the core's: the record's labels as text */
	bool relabel;
	bool said;	      /* the core's: a failure of it has been said */
	uint64_t first_sweep; /* when it was found */
};

/** Name, image or extra labels have changed. */
static inline void dm_container_relabel(struct dm_container *c)
{
	c->relabel = true;
}

struct dm_collect_options {
	const char *procfs; /* "/proc" */
	const char *sysfs;  /* "/sys" */
	const char *rootfs; /* "/" */
	const char *instance, *job;
	const char *docker_host;  /* unix:///path, tcp://host:port; NULL: the
				     usual socket, if it is there */
	const char *docker_certs; /* folder of ca.pem, cert.pem, key.pem */
	const char *const *label_keys; /* container labels to carry along */
	size_t n_label_keys;
	const char *const *registries; /* those that images may come from */
	size_t n_registries;	       /* 0: any */
	/* What is looked for in logs; NULL: nothing. */
	const struct dm_log_patterns *log_patterns;
	int64_t interval_us; /* 0: one sweep only */
};

/** The collector, as a source sees it. */
struct dm_collect {
	struct dm_collect_options options;
	int64_t ts_us;	/* this sweep's */
	uint64_t sweep; /* counts from 0 */
	/* Containers found in this sweep, in the order of their paths. */
	struct dm_container **containers;
	size_t n_containers;
	struct dm_part host[DM_SOURCES_MAX]; /* by the source's index */
	struct dm_cgroups *cgroups; /* where they lie: see discover.h */
	/** Something worth a line on standard error; may be NULL. */
	void (*warn)(void *ctx, const char *source, const struct dm_err *err);
	void *warn_ctx;
	/** A container's posture was looked at; may be NULL. */
	void (*audit)(void *ctx, const struct dm_posture_report *report);
	void *audit_ctx;
};

/**
 * A container by its engine's id, or NULL.
 */
struct dm_container *dm_collect_find(
    const struct dm_collect *c, struct dm_str id);

/** A source: one file, one const struct, one line in table.c. */
struct dm_source {
	const char *name;
	const char *help;  /* one line: what it tells */
	const char *needs; /* one line: privileges, files, daemons */
	/* See dm_privileges_drop: without these capabilities it sees the
	 * processes of others in part only. */
	bool needs_capabilities;
	/* Another source, which it needs: asked too, but left unwritten if
	 * nobody named it. May be NULL. */
	const char *also;
	/**
	 * Is there anything to ask? Where the user named no sources it is
	 * asked in each sweep until it says yes; the source is left out
	 * before. NULL: yes.
	 */
	bool (*wanted)(const struct dm_collect_options *o);
	/** Is wrong what the options say of it, whoever asks for it? May be
	 * NULL. Returns 0, or -1 with DM_EINVAL. */
	int (*check)(const struct dm_collect_options *o, struct dm_err *err);
	/** @index  of parts and state. @ret_state may stay NULL. */
	int (*open)(struct dm_collect *c, unsigned index, void **ret_state,
	    struct dm_err *err);
	/**
	 * Measure. -1: the source as a whole failed in this sweep. What fails
	 * for one container or process only is no failure: it has no values
	 * (DM_ENODATA: it has ended) or is said by warn, once.
	 */
	int (*sample)(struct dm_collect *c, unsigned index, void *state,
	    struct dm_err *err);
	/**
	 * Measure one container, after sample has succeeded: write
	 * container->parts[index], which is empty. -1: this container has no
	 * values of this source in this sweep (DM_ENODATA: it has ended;
	 * anything else is said by the core, once a container). May be NULL.
	 */
	int (*container)(struct dm_collect *c, unsigned index, void *state,
	    struct dm_container *container, struct dm_err *err);
	/**
	 * After the last container, for what only then is known of the host:
	 * c->host[index]. -1: as sample. May be NULL.
	 */
	int (*finish)(struct dm_collect *c, unsigned index, void *state,
	    struct dm_err *err);
	/**
	 * For a source that hears of things as they happen: a descriptor that
	 * can be read when there is something; -1: not now. Asked once it is
	 * open. May be NULL.
	 */
	int (*descriptor)(void *state);
	/**
	 * Take what there is, without waiting, and add records to out. Called
	 * when the descriptor can be read, between sweeps and within one, and
	 * before each sweep. -1: it has failed, and is closed and opened again
	 * with the next sweep.
	 */
	int (*hear)(struct dm_collect *c, void *state, struct dm_buf *out,
	    struct dm_err *err);
	/** A container has gone: free container->state[index]. May be NULL. */
	void (*forget)(
	    void *state, struct dm_container *container, unsigned index);
	void (*close)(void *state);
};

/** All sources, in the order in which they are asked; ends with NULL. */
extern const struct dm_source *const dm_sources[];

extern const struct dm_source dm_source_docker;
extern const struct dm_source dm_source_cgroup;
extern const struct dm_source dm_source_network;
extern const struct dm_source dm_source_proc;
extern const struct dm_source dm_source_host;
extern const struct dm_source dm_source_procevents;
extern const struct dm_source dm_source_engine;
extern const struct dm_source dm_source_kmsg;
extern const struct dm_source dm_source_log;
extern const struct dm_source dm_source_posture;
extern const struct dm_source dm_source_users;
extern const struct dm_source dm_source_witness;

#endif
