/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the scenarios do that busybox can't, one role a word: see roles, at
 * the end. Linked statically, so that it runs in any container.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netpacket/packet.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void check(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "actor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void sleep_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

static _Noreturn void stay(void)
{
	for (;;)
		pause();
}

static void enter(const char *ns)
{
	int fd = open(ns, O_RDONLY | O_CLOEXEC);

	check(fd >= 0 && setns(fd, 0) == 0, ns);
	close(fd);
}

static void *enter_alone(void *ns)
{
	enter(ns);
	stay();
}

/* thread NS: one thread of two enters. */
static void act_thread(char **arg)
{
	pthread_t t;

	check(pthread_create(&t, NULL, enter_alone, arg[0]) == 0, "thread");
	stay();
}

/* glance NS: enters, looks at a file and returns, executing nothing. */
static void act_glance(char **arg)
{
	int own = open("/proc/self/ns/mnt", O_RDONLY);
	int fd;

	enter(arg[0]);
	fd = open("/etc/hostname", O_RDONLY);
	close(fd);
	check(setns(own, 0) == 0, "back");
	stay();
}

/* trace PID: takes hold of it for two seconds. */
static void act_trace(char **arg)
{
	pid_t pid = (pid_t)atoi(arg[0]);

	check(ptrace(PTRACE_SEIZE, pid, 0, 0) == 0, "seize");
	sleep_ms(2000);
	/* Its end lets go. */
}

/* spy PID ADDRESS: reads another's memory without a trace. */
static void act_spy(char **arg)
{
	char byte;
	struct iovec to = {&byte, 1};
	struct iovec from = {(void *)strtoul(arg[1], NULL, 16), 1};

	check(process_vm_readv((pid_t)atoi(arg[0]), &to, 1, &from, 1, 0) == 1,
	    "read");
	stay();
}

/* memfd PROGRAM ARG...: runs it from memory. */
static void act_memfd(char **arg)
{
	char buf[65536];
	int from = open(arg[0], O_RDONLY), to = memfd_create("x", MFD_CLOEXEC);
	ssize_t n = 0;

	check(from >= 0 && to >= 0, arg[0]);
	while ((n = read(from, buf, sizeof(buf))) > 0)
		check(write(to, buf, (size_t)n) == n, "copy");
	fexecve(to, arg + 1, environ);
	check(0, "fexecve");
}

static int listen_at(const char *path, int give)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	if (give) {
		check(bind(fd, (void *)&a, sizeof(a)) == 0, path);
		check(listen(fd, 1) == 0, path);
	} else {
		check(connect(fd, (void *)&a, sizeof(a)) == 0, path);
	}
	return fd;
}

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

/* give SOCKET FOLDER: hands an open folder to who asks, once. */
static void act_give(char **arg)
{
	union control c = {0};
	char byte = 0;
	struct iovec v = {&byte, 1};
	struct msghdr m = {.msg_iov = &v,
	    .msg_iovlen = 1,
	    .msg_control = &c,
	    .msg_controllen = sizeof(c)};
	int dir = open(arg[1], O_RDONLY | O_DIRECTORY);
	int fd = accept(listen_at(arg[0], 1), NULL, NULL);

	check(dir >= 0 && fd >= 0, arg[1]);
	c.head.cmsg_level = SOL_SOCKET;
	c.head.cmsg_type = SCM_RIGHTS;
	c.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&c.head), &dir, sizeof(int));
	check(sendmsg(fd, &m, 0) == 1, "give");
}

/* take SOCKET PROGRAM ARG...: goes to that folder and runs a program. */
static void act_take(char **arg)
{
	union control c = {0};
	char byte;
	struct iovec v = {&byte, 1};
	struct msghdr m = {.msg_iov = &v,
	    .msg_iovlen = 1,
	    .msg_control = &c,
	    .msg_controllen = sizeof(c)};
	int dir;

	check(recvmsg(listen_at(arg[0], 0), &m, MSG_CMSG_CLOEXEC) == 1, "take");
	memcpy(&dir, CMSG_DATA(&c.head), sizeof(int));
	check(fchdir(dir) == 0, "fchdir");
	execv(arg[1], arg + 1);
	check(0, arg[1]);
}

static void rename_to(int i)
{
	char s[32];

	snprintf(s, sizeof(s), "worker-%d", i);
	prctl(PR_SET_NAME, s);
}

/* rename: another name each second. */
static void act_rename(char **arg)
{
	(void)arg;
	for (int i = 0;; i++) {
		rename_to(i);
		sleep_ms(1000);
	}
}

/* jail FOLDER: another root, nothing executed, another name each second. */
static void act_jail(char **arg)
{
	check(chroot(arg[0]) == 0 && chdir("/") == 0, arg[0]);
	act_rename(arg);
}

/* daemon FOLDER: locks itself in, and gives up root. */
static void act_daemon(char **arg)
{
	check(chroot(arg[0]) == 0 && chdir("/") == 0, arg[0]);
	check(setgid(65534) == 0 && setuid(65534) == 0, "setuid");
	stay();
}

/* memory MEBIBYTES: as fast as it goes, then another name each second. */
static void act_memory(char **arg)
{
	long n = atol(arg[0]);

	for (long i = 0; i < n; i++) {
		char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		check(p != MAP_FAILED, "memory");
		memset(p, 1, 1 << 20);
		sleep_ms(10);
	}
	act_rename(arg);
}

/* leak MEBIBYTES SECONDS: evenly. */
static void act_leak(char **arg)
{
	long n = atol(arg[0]);

	for (long i = 0; i < n; i++) {
		char *p = malloc(1 << 20);

		check(p != NULL, "memory");
		memset(p, 1, 1 << 20);
		sleep_ms(atol(arg[1]) * 1000 / n);
	}
	stay();
}

/* files N: opens so many. */
static void act_files(char **arg)
{
	long n = atol(arg[0]);

	for (long i = 0; i < n; i++)
		check(open("/dev/null", O_RDONLY) >= 0, "/dev/null");
	stay();
}

/* threads N: so many that wait. */
static void *wait_alone(void *arg)
{
	(void)arg;
	stay();
}
static void act_threads(char **arg)
{
	long n = atol(arg[0]);
	pthread_t t;

	for (long i = 0; i < n; i++)
		check(pthread_create(&t, NULL, wait_alone, NULL) == 0, "t");
	stay();
}

/* forks: one child after the other, that ends at once. */
static void act_forks(char **arg)
{
	(void)arg;
	for (;;) {
		pid_t pid = vfork();

		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
}

/* bomb: children that have children. */
static void act_bomb(char **arg)
{
	(void)arg;
	for (;;) {
		if (fork() < 0)
			sleep_ms(100);
	}
}

/* flood ADDRESS BYTES A-SECOND: datagrams, 0 is as fast as it goes. */
static void act_flood(char **arg)
{
	static char data[65000];
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(9)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
	size_t len = (size_t)atol(arg[1]);
	long pace = atol(arg[2]);

	check(inet_pton(AF_INET, arg[0], &a.sin_addr) == 1, arg[0]);
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	for (long i = 1;; i++) {
		sendto(fd, data, len, 0, (void *)&a, sizeof(a));
		if (pace && i % (pace / 100 + 1) == 0)
			sleep_ms(10);
	}
}

/* arp ADDRESS: says ten times a second that it has it, to all. */
static void act_arp(char **arg)
{
	struct ether_arp arp = {0};
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
	    .sll_protocol = htons(ETH_P_ARP),
	    .sll_halen = ETH_ALEN};
	int fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ARP));

	check(fd >= 0, "packet");
	to.sll_ifindex = (int)if_nametoindex("eth0");
	memset(to.sll_addr, 0xff, ETH_ALEN);
	arp.arp_hrd = htons(ARPHRD_ETHER);
	arp.arp_pro = htons(ETH_P_IP);
	arp.arp_hln = ETH_ALEN;
	arp.arp_pln = 4;
	arp.arp_op = htons(ARPOP_REPLY);
	memcpy(arp.arp_sha, "\x02\x66\x66\x66\x66\x66", ETH_ALEN);
	memset(arp.arp_tha, 0xff, ETH_ALEN);
	check(inet_pton(AF_INET, arg[0], arp.arp_spa) == 1, arg[0]);
	memcpy(arp.arp_tpa, arp.arp_spa, 4);
	for (;; sleep_ms(100))
		check(sendto(fd, &arp, sizeof(arp), 0, (void *)&to,
			  sizeof(to)) > 0,
		    "arp");
}

static void ask(const char *path, const char *what, const char *body, char *ret,
    size_t size)
{
	char text[4096];
	size_t n = 0;
	ssize_t r = 0;
	int fd = listen_at(path, 0);

	snprintf(text, sizeof(text),
	    "POST %s HTTP/1.0\r\nHost: x\r\nContent-Type: application/json"
	    "\r\nContent-Length: %zu\r\n\r\n%s",
	    what, strlen(body), body);
	check(write(fd, text, strlen(text)) > 0, path);
	while (n < size - 1 && (r = read(fd, ret + n, size - 1 - n)) > 0)
		n += (size_t)r;
	ret[n] = '\0';
	close(fd);
}

/* engine SOCKET NAME BODY: has an engine create a container and start it. */
static void act_engine(char **arg)
{
	char answer[8192], path[512];

	snprintf(path, sizeof(path), "/containers/create?name=%s", arg[1]);
	ask(arg[0], path, arg[2], answer, sizeof(answer));
	snprintf(path, sizeof(path), "/containers/%s/start", arg[1]);
	ask(arg[0], path, "", answer, sizeof(answer));
	check(strstr(answer, " 204 ") != NULL, answer);
}

static const struct {
	const char *name;
	int args;
	void (*act)(char **);
} roles[] = {
    {"thread", 1, act_thread},
    {"glance", 1, act_glance},
    {"trace", 1, act_trace},
    {"spy", 2, act_spy},
    {"memfd", 2, act_memfd},
    {"give", 2, act_give},
    {"take", 2, act_take},
    {"rename", 0, act_rename},
    {"jail", 1, act_jail},
    {"daemon", 1, act_daemon},
    {"memory", 1, act_memory},
    {"leak", 2, act_leak},
    {"files", 1, act_files},
    {"threads", 1, act_threads},
    {"forks", 0, act_forks},
    {"bomb", 0, act_bomb},
    {"flood", 3, act_flood},
    {"arp", 1, act_arp},
    {"engine", 3, act_engine},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (argc < 2 + roles[i].args ||
		    strcmp(argv[1], roles[i].name) != 0)
			continue;
		roles[i].act(argv + 2);
		return 0;
	}
	fprintf(stderr, "usage: see the source\n");
	return 2;
}
