/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Makes containers without an engine, for measuring the collector: cgroups
 * named as Docker names them in every hierarchy that is mounted, with limits,
 * and processes in namespaces of their own that do nothing. They last until
 * standard input ends or SIGTERM comes; then all is removed again. The names
 * start with a mark, so that --clean finds what a killed run has left.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROOT	       "/sys/fs/cgroup"
#define TREES	       16
#define STACK	       16384
#define PATH_MAX_BYTES 512

static struct {
	char path[TREES][PATH_MAX_BYTES];
	bool v2[TREES];
	int n;
} trees;

/* Starts every id; eight digits. */
static const char *mark = "d309bec4";
static unsigned n_containers = 10, n_processes = 2, n_nets = 0xffffffff;
static volatile sig_atomic_t stop;

static void on_signal(int signum)
{
	(void)signum;
	stop = 1;
}

static void fail(const char *what)
{
	fprintf(stderr, "mkcontainers: %s: %s\n", what, strerror(errno));
}

static bool exists(const char *folder, const char *file)
{
	char path[2 * PATH_MAX_BYTES];

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	return access(path, F_OK) == 0;
}

static void add_tree(const char *path)
{
	struct stat st;

	if (trees.n == TREES || lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) ||
	    !exists(path, "cgroup.procs"))
		return;
	snprintf(trees.path[trees.n], sizeof(trees.path[0]), "%s", path);
	trees.v2[trees.n++] = exists(path, "cgroup.controllers");
}

static void find_trees(void)
{
	DIR *dir;
	struct dirent *entry;

	add_tree(ROOT);
	if (trees.n || !(dir = opendir(ROOT)))
		return;
	while ((entry = readdir(dir))) {
		char path[PATH_MAX_BYTES];

		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof(path), ROOT "/%.200s", entry->d_name);
		add_tree(path);
	}
	closedir(dir);
}

static bool put(const char *folder, const char *file, const char *text)
{
	char path[2 * PATH_MAX_BYTES];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = write(fd, text, strlen(text));
	close(fd);
	return n >= 0;
}

static void folder_of(char *path, int tree, unsigned i)
{
	snprintf(path, 2 * PATH_MAX_BYTES, "%s/docker/%s%056x",
	    trees.path[tree], mark, i);
}

/* Files that a hierarchy does not have are passed over. */
static void set_limits(const char *folder)
{
	put(folder, "cpuset.mems", "0");
	put(folder, "cpu.shares", "512");
	put(folder, "cpu.cfs_quota_us", "50000");
	put(folder, "memory.limit_in_bytes", "67108864");
	put(folder, "memory.soft_limit_in_bytes", "33554432");
	put(folder, "pids.max", "64");
	put(folder, "cpu.max", "50000 100000");
	put(folder, "memory.max", "67108864");
}

static void prepare_parent(int tree)
{
	char path[2 * PATH_MAX_BYTES];

	snprintf(path, sizeof(path), "%s/docker", trees.path[tree]);
	if (trees.v2[tree])
		put(trees.path[tree], "cgroup.subtree_control",
		    "+cpu +memory +pids +io");
	mkdir(path, 0755);
	if (trees.v2[tree])
		put(path, "cgroup.subtree_control", "+cpu +memory +pids +io");
}

/* What a process of a new tree needs before anything can join it. */
static void copy_cpuset(int tree)
{
	char from[2 * PATH_MAX_BYTES], text[256];
	ssize_t n;
	int fd;

	snprintf(from, sizeof(from), "%s/cpuset.cpus", trees.path[tree]);
	fd = open(from, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return;
	text[n] = '\0';
	put(trees.path[tree], "cgroup.clone_children", "1");
	snprintf(from, sizeof(from), "%s/docker", trees.path[tree]);
	put(from, "cpuset.cpus", text);
	put(from, "cpuset.mems", "0");
	put(from, "cgroup.clone_children", "1");
}

static int idle(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return 0;
}

struct init {
	unsigned net;
	int ready;
};

/* The first process: makes the rest, and waits. */
static int run_init(void *argument)
{
	const struct init *init = argument;
	static char stack[STACK] __attribute__((aligned(16)));

	signal(SIGTERM, SIG_DFL);
	mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	for (unsigned i = 1; i < n_processes; i++) {
		if (clone(idle, stack + STACK, CLONE_VM | SIGCHLD, NULL) < 0)
			_exit(1);
	}
	if (write(init->ready, "1", 1) != 1)
		_exit(1);
	return idle(NULL);
}

static pid_t start(unsigned i)
{
	static char stack[STACK] __attribute__((aligned(16)));
	int flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
		    CLONE_NEWCGROUP | SIGCHLD;
	struct init init = {i < n_nets, -1};
	int ready[2];
	char byte;
	pid_t pid;

	if (init.net)
		flags |= CLONE_NEWNET;
	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	init.ready = ready[1];
	pid = clone(run_init, stack + STACK, flags, &init);
	close(ready[1]);
	if (pid > 0 && read(ready[0], &byte, 1) != 1) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		errno = EIO;
		pid = -1;
	}
	close(ready[0]);
	return pid;
}

/* We join a container's cgroups, start it from within, and leave again, so
 * that its cgroup namespace has its own cgroup for a root. */
static bool join(int tree, const char *folder)
{
	(void)tree;
	if (put(folder, "cgroup.procs", "0"))
		return true;
	fail(folder);
	return false;
}

static char home[TREES][2 * PATH_MAX_BYTES];

/* Where we were, by /proc/self/cgroup: "4:memory:/a/b" or "0::/". */
static void find_home(void)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[1024];

	for (int t = 0; t < trees.n; t++)
		snprintf(home[t], sizeof(home[t]), "%s", trees.path[t]);
	while (f && fgets(line, sizeof(line), f)) {
		char *names = strchr(line, ':'), *path;

		line[strcspn(line, "\n")] = '\0';
		if (!names || !(path = strchr(++names, ':')))
			continue;
		*path++ = '\0';
		if (strncmp(names, "name=", 5) == 0)
			names += 5;
		for (int t = 0; t < trees.n; t++) {
			const char *last = strrchr(trees.path[t], '/') + 1;

			if (*names ? strcmp(last, names) == 0 : trees.v2[t])
				snprintf(home[t], sizeof(home[t]),
				    "%.500s%.500s", trees.path[t], path);
		}
	}
	if (f)
		fclose(f);
}

static bool make_one(unsigned i)
{
	char folder[2 * PATH_MAX_BYTES];
	bool ok = true;

	for (int t = 0; t < trees.n && ok; t++) {
		folder_of(folder, t, i);
		if (mkdir(folder, 0755) < 0 && errno != EEXIST) {
			fail(folder);
			ok = false;
			break;
		}
		set_limits(folder);
		ok = join(t, folder);
	}
	if (ok && start(i) < 0) {
		fail("clone");
		ok = false;
	}
	for (int t = 0; t < trees.n; t++)
		join(t, home[t]);
	return ok;
}

/* Kill what is in a cgroup of ours; true when it is empty. */
static bool kill_all(const char *folder)
{
	char path[3 * PATH_MAX_BYTES];
	bool empty = true;
	FILE *f;
	long pid;

	snprintf(path, sizeof(path), "%s/cgroup.procs", folder);
	f = fopen(path, "re");
	while (f && fscanf(f, "%ld", &pid) == 1) {
		if (pid > 0 && pid != getpid())
			kill((pid_t)pid, SIGKILL);
		empty = false;
	}
	if (f)
		fclose(f);
	return empty;
}

static void each_of_ours(int tree, bool (*what)(const char *), bool *ret_all)
{
	char parent[2 * PATH_MAX_BYTES], path[4 * PATH_MAX_BYTES];
	struct dirent *entry;
	DIR *dir;

	snprintf(parent, sizeof(parent), "%s/docker", trees.path[tree]);
	dir = opendir(parent);
	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, mark, strlen(mark)) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", parent, entry->d_name);
		if (!what(path))
			*ret_all = false;
	}
	if (dir)
		closedir(dir);
}

static bool remove_one(const char *folder)
{
	return rmdir(folder) == 0 || errno == ENOENT;
}

/* The folder docker goes only if it is empty: an engine may use it. */
static bool clean(void)
{
	for (int tries = 0; tries < 100; tries++) {
		bool all = true;

		for (int t = 0; t < trees.n; t++)
			each_of_ours(t, kill_all, &all);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		all = true;
		for (int t = 0; t < trees.n; t++)
			each_of_ours(t, remove_one, &all);
		if (all) {
			char path[2 * PATH_MAX_BYTES];

			for (int t = 0; t < trees.n; t++) {
				snprintf(path, sizeof(path), "%s/docker",
				    trees.path[t]);
				rmdir(path);
			}
			return true;
		}
		usleep(50000);
	}
	fprintf(stderr, "mkcontainers: some cgroups are still in use\n");
	return false;
}

static void wait_for_end(void)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	char bytes[256];

	while (!stop) {
		int n = poll(&p, 1, -1);

		if (n > 0 && read(STDIN_FILENO, bytes, sizeof(bytes)) <= 0)
			return;
	}
}

static void usage(void)
{
	fprintf(stderr,
	    "usage: mkcontainers [-n containers] [-p processes] [--net N]\n"
	    "                    [-m mark]\n"
	    "       mkcontainers --clean [-m mark]\n"
	    "Ready when it prints a line; ends with its standard input.\n");
	exit(2);
}

static bool take_options(int argc, char **argv)
{
	static const struct option options[] = {
	    {"net", required_argument, NULL, 'N'},
	    {"clean", no_argument, NULL, 'c'}, {0}};
	bool only_clean = false;
	int o;

	while ((o = getopt_long(argc, argv, "n:p:m:", options, NULL)) != -1) {
		if (o == 'n')
			n_containers = (unsigned)strtoul(optarg, NULL, 10);
		else if (o == 'p')
			n_processes = (unsigned)strtoul(optarg, NULL, 10);
		else if (o == 'N')
			n_nets = (unsigned)strtoul(optarg, NULL, 10);
		else if (o == 'm' && strlen(optarg) == 8 &&
			 strspn(optarg, "0123456789abcdef") == 8)
			mark = optarg;
		else if (o == 'c')
			only_clean = true;
		else
			usage();
	}
	return only_clean;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal};
	bool only_clean = take_options(argc, argv), ok = true;

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	find_trees();
	if (only_clean)
		return clean() ? 0 : 1;
	find_home();
	for (int t = 0; t < trees.n; t++) {
		prepare_parent(t);
		copy_cpuset(t);
	}
	for (unsigned i = 0; i < n_containers && ok && !stop; i++)
		ok = make_one(i);
	if (ok && !stop) {
		printf("%u containers of %u processes\n", n_containers,
		    n_processes);
		fflush(stdout);
		wait_for_end();
	}
	return clean() && ok ? 0 : 1;
}
