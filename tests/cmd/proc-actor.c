/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A container without an engine, for tests/cmd/collect-proc.t: a process in
 * namespaces and a root of its own, whose children each do one thing that
 * dmon-collect must see, under a name that says which.
 *
 *	proc-actor container FOLDER CGROUP.PROCS... -- ROLE...
 *	proc-actor join CGROUP.PROCS...
 *
 * Says "ready" when all are, and ends with all of them on SIGTERM.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fuse.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static int host_mnt, host_root, ready;

static void check(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "proc-actor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	check(fd >= 0 && write(fd, text, strlen(text)) > 0, path);
	close(fd);
}

static _Noreturn void stay(void)
{
	check(write(ready, "", 1) == 1, "ready");
	for (;;)
		pause();
}

static void act_mnt(void)
{
	check(setns(host_mnt, CLONE_NEWNS) == 0, "setns");
}

static void act_chroot(void)
{
	check(mkdir("/jail", 0755) == 0 && chroot("/jail") == 0, "chroot");
}

static void act_cwd(void)
{
	check(fchdir(host_root) == 0, "fchdir");
}

static void act_nnp(void)
{
	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
}

static void act_user(void)
{
	check(unshare(CLONE_NEWUSER) == 0, "unshare");
	write_text("/proc/self/uid_map", "7 0 1");
}

static void act_nobody(void)
{
	check(setresuid(65534, 65534, 65534) == 0, "setresuid");
}

static void *unshare_alone(void *arg)
{
	check(unshare(CLONE_NEWUTS) == 0, "unshare");
	stay();
	return arg;
}

static void act_thread(void)
{
	pthread_t t;

	check(pthread_create(&t, NULL, unshare_alone, NULL) == 0, "thread");
	for (;;)
		pause();
}

static void drop_admin(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2];

	check(syscall(SYS_capget, &head, d) == 0, "capget");
	d[0].effective &= ~(1U << CAP_SYS_ADMIN);
	check(syscall(SYS_capset, &head, d) == 0, "capset");
}

static void act_traced(void)
{
	pid_t tracee = getpid();
	pid_t tracer = fork();

	if (tracer == 0) {
		prctl(PR_SET_NAME, "tracer");
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		check(ptrace(PTRACE_SEIZE, tracee, 0, 0) == 0, "ptrace");
		stay();
	}
	check(tracer > 0, "fork");
	for (;;)
		pause();
}

static void copy_self(int to)
{
	char buf[65536];
	int from = open("/proc/self/exe", O_RDONLY);
	ssize_t n = 0;

	check(from >= 0 && to >= 0, "copy");
	while ((n = read(from, buf, sizeof(buf))) > 0)
		check(write(to, buf, (size_t)n) == n, "copy");
	check(n == 0, "copy");
	close(from);
}

/* Becomes `proc-actor again NAME READY-FD [UNLINK]`. */
static void again(int fd, const char *name, const char *unlink_path)
{
	char number[16], path[32];
	char *argv[] = {"proc-actor", "again", (char *)name, number,
	    (char *)unlink_path, NULL};

	snprintf(number, sizeof(number), "%d", ready);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	execv(unlink_path ? unlink_path : path, argv);
	check(0, "exec");
}

static void act_memfd(void)
{
	int fd = memfd_create("x", 0);

	copy_self(fd);
	again(fd, "memfd", NULL);
}

static void act_deleted(void)
{
	int fd = open("/dropped", O_WRONLY | O_CREAT | O_EXCL, 0700);

	copy_self(fd);
	close(fd);
	again(-1, "deleted", "/dropped");
}

static volatile sig_atomic_t called;

static void on_usr1(int sig)
{
	called = sig;
}

/* Opens a device by a name of its own, behind `before` other files; goes by
 * the name nodevice where that can't be. */
static void open_device(mode_t type, dev_t device, unsigned before)
{
	char name[32];

	snprintf(name, sizeof(name), "/device-%d", getpid());
	for (unsigned i = 0; i < before; i++)
		check(open("/dev/null", O_RDONLY) >= 0, "/dev/null");
	if (mknod(name, type | 0600, device) < 0 || open(name, O_RDONLY) < 0)
		prctl(PR_SET_NAME, "nodevice");
}

static void open_disk(unsigned before)
{
	const char *path = getenv("DM_DISK");
	struct stat st;

	if (path && stat(path, &st) == 0)
		open_device(S_IFBLK, st.st_rdev, before);
	else
		prctl(PR_SET_NAME, "nodevice");
}

static void act_disk(void)
{
	open_disk(0);
}

/* More files than are looked at in one sweep, and never the same number. */
static void act_many(void)
{
	open_disk(600);
	check(write(ready, "", 1) == 1, "ready");
	for (;;) {
		(void)!dup(ready);
		usleep(20000);
	}
}

static void act_memory(void)
{
	open_device(S_IFCHR, makedev(1, 1), 0);
}

/* Enters the host's mount namespace when it is told to. */
static void act_later(void)
{
	signal(SIGUSR1, on_usr1);
	check(write(ready, "", 1) == 1, "ready");
	while (!called)
		usleep(10000);
	act_mnt();
	for (;;)
		pause();
}

/* Answers what the kernel asks a filesystem of one empty folder, until it
 * is told to answer no more. */
static _Noreturn void serve(int fuse, int quiet)
{
	static char in[1 << 17];
	struct {
		struct fuse_out_header head;
		union {
			struct fuse_init_out init;
			struct fuse_attr_out attr;
		} body;
	} out;
	struct pollfd polls[2] = {{fuse, POLLIN, 0}, {quiet, POLLIN, 0}};

	while (poll(polls, 2, -1) > 0 && !polls[1].revents) {
		const struct fuse_in_header *ask = (const void *)in;

		if (read(fuse, in, sizeof(in)) < (ssize_t)sizeof(*ask))
			continue;
		memset(&out, 0, sizeof(out));
		out.head.len = sizeof(out.head);
		out.head.unique = ask->unique;
		if (ask->opcode == FUSE_INIT) {
			out.body.init.major = FUSE_KERNEL_VERSION;
			out.body.init.minor = FUSE_KERNEL_MINOR_VERSION;
			out.body.init.max_write = 4096;
			out.head.len += (uint32_t)sizeof(out.body.init);
		} else if (ask->opcode == FUSE_GETATTR) {
			out.body.attr.attr.ino = 1;
			out.body.attr.attr.mode = S_IFDIR | 0755;
			out.body.attr.attr.nlink = 2;
			out.head.len += (uint32_t)sizeof(out.body.attr);
		} else {
			out.head.error = -ENOSYS;
		}
		check(write(fuse, &out, out.head.len) > 0, "fuse");
	}
	for (;;)
		pause();
}

/* Lives in a filesystem that never answers. Where the kernel has no FUSE
 * it goes by the name nofuse. */
static void act_fuse(void)
{
	char options[80];
	int fd = open("/dev/fuse", O_RDWR), quiet[2];

	snprintf(options, sizeof(options),
	    "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (fd < 0 || mkdir("/fuse", 0755) < 0 ||
	    mount("fuse", "/fuse", "fuse", 0, options) < 0) {
		prctl(PR_SET_NAME, "nofuse");
		return;
	}
	check(pipe(quiet) == 0, "pipe");
	if (fork() == 0) {
		prctl(PR_SET_NAME, "server");
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(fd, quiet[0]);
	}
	check(chroot("/fuse") == 0 && chdir("/") == 0, "chroot");
	check(write(quiet[1], "", 1) == 1, "quiet");
}

static void act_idle(void)
{
}

static const struct {
	const char *name;
	void (*act)(void);
} roles[] = {
    {"idle", act_idle}, {"mnt", act_mnt}, {"chroot", act_chroot},
    {"cwd", act_cwd}, {"nnp", act_nnp}, {"userns", act_user},
    {"nobody", act_nobody}, {"thread", act_thread}, {"caps", drop_admin},
    {"traced", act_traced}, {"memfd", act_memfd}, {"deleted", act_deleted},
    {"later", act_later}, {"fuse", act_fuse}, {"disk", act_disk},
    {"many", act_many}, {"memory", act_memory},
    {"a) R 1 (b\n\xff\"", act_idle}, /* a name that means harm */
};

static void start(const char *role)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		pid_t pid;

		if (strcmp(role, roles[i].name) != 0 &&
		    !(strcmp(role, "evil") == 0 && roles[i].name[1] == ')'))
			continue;
		pid = fork();
		check(pid >= 0, "fork");
		if (pid)
			return;
		prctl(PR_SET_NAME, roles[i].name);
		roles[i].act();
		stay();
	}
	errno = EINVAL;
	check(0, role);
}

static void bind_entry(const char *root, const char *name)
{
	char from[512], to[512], target[512];
	struct stat st;
	ssize_t n;

	snprintf(from, sizeof(from), "/%s", name);
	snprintf(to, sizeof(to), "%s/%s", root, name);
	check(lstat(from, &st) == 0, from);
	if (S_ISLNK(st.st_mode)) {
		n = readlink(from, target, sizeof(target) - 1);
		check(n > 0, from);
		target[n] = '\0';
		check(symlink(target, to) == 0, to);
	} else if (S_ISDIR(st.st_mode)) {
		check(mkdir(to, 0755) == 0, to);
		check(mount(from, to, NULL, MS_BIND | MS_REC, NULL) == 0, to);
	}
}

/* A root of its own that has all the host's folders. */
static void change_root(const char *root)
{
	DIR *dir = opendir("/");
	const struct dirent *e;

	check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "/");
	check(mount("tmpfs", root, "tmpfs", 0, "size=16m") == 0, root);
	check(dir != NULL, "/");
	while ((e = readdir(dir))) {
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			bind_entry(root, e->d_name);
	}
	closedir(dir);
	check(chdir(root) == 0, root);
	check(syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root");
	check(umount2(".", MNT_DETACH) == 0, "umount");
	check(chdir("/") == 0, "/");
}

static void join(char **files, int n)
{
	for (int i = 0; i < n; i++)
		write_text(files[i], "0");
}

/* The first process of the pid namespace. */
static _Noreturn void run_init(char **role, const char *root)
{
	int pipes[2], n = 0;
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "first");
	change_root(root);
	check(pipe(pipes) == 0, "pipe");
	ready = pipes[1];
	for (; role[n]; n++)
		start(role[n]);
	for (; n; n--)
		check(read(pipes[0], &byte, 1) == 1, "ready");
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}

static int container(int argc, char **argv)
{
	int n = 0;
	pid_t pid;

	while (n < argc && strcmp(argv[n], "--") != 0)
		n++;
	check(n > 0 && n < argc, "arguments");
	host_mnt = open("/proc/self/ns/mnt", O_RDONLY);
	host_root = open("/", O_RDONLY | O_DIRECTORY);
	check(unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
		      CLONE_NEWPID | CLONE_NEWCGROUP) == 0,
	    "unshare");
	pid = fork();
	check(pid >= 0, "fork");
	if (pid == 0) {
		join(argv + 1, n - 1);
		run_init(argv + n + 1, argv[0]);
	}
	waitpid(pid, NULL, 0);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc > 3 && strcmp(argv[1], "container") == 0)
		return container(argc - 2, argv + 2);
	if (argc > 2 && strcmp(argv[1], "join") == 0) {
		join(argv + 2, argc - 2);
		ready = STDOUT_FILENO;
		stay();
	}
	if (argc > 3 && strcmp(argv[1], "again") == 0) {
		ready = atoi(argv[3]);
		prctl(PR_SET_NAME, argv[2]);
		if (argv[4])
			check(unlink(argv[4]) == 0, argv[4]);
		stay();
	}
	fprintf(stderr, "usage: see the source\n");
	return 2;
}
