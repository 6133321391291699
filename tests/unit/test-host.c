/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <sys/statvfs.h>

#include "collect/host-fs.h"
#include "collect/host-text.h"
#include "collect/net-text.h"

static struct dm_part part;
static struct dm_buf rows; /* as "labels metrics\n" */

static int fresh(void **state)
{
	(void)state;
	dm_part_clear(&part);
	return 0;
}

static int release(void **state)
{
	(void)state;
	dm_part_release(&part);
	dm_buf_release(&rows);
	return 0;
}

static const char *main_text(void)
{
	assert_false(part.main.text.failed);
	return dm_buf_cstr(&part.main.text);
}

static const char *rows_text(void)
{
	dm_buf_clear(&rows);
	for (size_t i = 0; i < part.n_rows; i++) {
		const struct dm_row *r = &part.rows[i];

		assert_string_equal(r->kind, "host");
		dm_buf_add(&rows, part.text.p + r->labels, r->labels_n);
		dm_buf_add_char(&rows, ' ');
		dm_buf_add(&rows, part.text.p + r->metrics, r->metrics_n);
		dm_buf_add_char(&rows, '\n');
	}
	return dm_buf_cstr(&rows);
}

static void test_stat(void **state)
{
	struct dm_host_cpus cpus = {0};

	(void)state;
	dm_host_add_stat(&cpus, &part,
	    DM_STR("cpu  1 2 3 4\n"
		   "cpu1 1766 15 322 5000 25 0 4 2 1 7\n"
		   "intr 123456 9 0 0\nctxt 7654321\nbtime 1795400000\n"
		   "processes 4711\nprocs_running 3\nprocs_blocked\n"
		   "cpux 1 2 3 4\ncpu2 1 2 3\ncpu99999999999 1 2 3 4\n"));
	assert_string_equal(main_text(),
	    "\"node_intr_total\":123456,"
	    "\"node_context_switches_total\":7654321,"
	    "\"node_boot_time_seconds\":1795400000,"
	    "\"node_forks_total\":4711,\"node_procs_running\":3");
	assert_int_equal(part.n_rows, 8);
	assert_string_equal(rows_text(),
	    "\"cpu\":\"1\",\"mode\":\"user\" "
	    "\"node_cpu_seconds_total\":17.66,"
	    "\"node_cpu_guest_seconds_total\":0.01\n"
	    "\"cpu\":\"1\",\"mode\":\"nice\" "
	    "\"node_cpu_seconds_total\":0.15,"
	    "\"node_cpu_guest_seconds_total\":0.07\n"
	    "\"cpu\":\"1\",\"mode\":\"system\" "
	    "\"node_cpu_seconds_total\":3.22\n"
	    "\"cpu\":\"1\",\"mode\":\"idle\" \"node_cpu_seconds_total\":50\n"
	    "\"cpu\":\"1\",\"mode\":\"iowait\" "
	    "\"node_cpu_seconds_total\":0.25\n"
	    "\"cpu\":\"1\",\"mode\":\"irq\" \"node_cpu_seconds_total\":0\n"
	    "\"cpu\":\"1\",\"mode\":\"softirq\" "
	    "\"node_cpu_seconds_total\":0.04\n"
	    "\"cpu\":\"1\",\"mode\":\"steal\" "
	    "\"node_cpu_seconds_total\":0.02\n");
	dm_host_cpus_release(&cpus);
}

static void idle_says(
    struct dm_host_cpus *cpus, const char *line, const char *idle)
{
	char expected[128];

	dm_part_clear(&part);
	dm_host_add_stat(cpus, &part, dm_str(line));
	snprintf(expected, sizeof(expected),
	    "\"mode\":\"idle\" \"node_cpu_seconds_total\":%s\n", idle);
	assert_non_null(strstr(rows_text(), expected));
}

static void test_idle_never_steps_back(void **state)
{
	struct dm_host_cpus cpus = {0};

	(void)state;
	idle_says(&cpus, "cpu0 1 1 1 5000\n", "50");
	idle_says(&cpus, "cpu0 1 1 1 4999\n", "50");
	idle_says(&cpus, "cpu0 1 1 1 5001\n", "50.01");
	/* Taken out and put in again. */
	idle_says(&cpus, "cpu0 1 1 1 4701\n", "47.01");
	dm_host_cpus_release(&cpus);
}

static void test_meminfo(void **state)
{
	(void)state;
	dm_host_add_meminfo(
	    &part, DM_STR("MemTotal:       16318904 kB\n"
			  "Active(anon):         12 kB\n"
			  "HugePages_Total:       3\n"
			  "Bad\"name:              1 kB\n"
			  "Huge: 18446744073709551615 kB\n"
			  "None:\nWord: x kB\nNoColon 5 kB\n: 5 kB\n"));
	assert_string_equal(main_text(),
	    "\"node_memory_MemTotal_bytes\":16710557696,"
	    "\"node_memory_Active_anon_bytes\":12288,"
	    "\"node_memory_HugePages_Total\":3");
}

static void test_vmstat(void **state)
{
	(void)state;
	dm_host_add_vmstat(&part,
	    DM_STR("nr_free_pages 5\npgpgin 11\npgfree 7\npswpout 14\n"
		   "pgfault 15\npgmajfault 16\noom_kill 2\npgpg\npgpgx y\n"));
	assert_string_equal(main_text(),
	    "\"node_vmstat_pgpgin\":11,\"node_vmstat_pswpout\":14,"
	    "\"node_vmstat_pgfault\":15,\"node_vmstat_pgmajfault\":16,"
	    "\"node_vmstat_oom_kill\":2");
}

static void test_loadavg(void **state)
{
	(void)state;
	dm_host_add_loadavg(&part, DM_STR("0.52 1.05 2.385 2/467 1\n"));
	assert_string_equal(main_text(),
	    "\"node_load1\":0.52,\"node_load5\":1.05,\"node_load15\":2.385");
	dm_part_clear(&part);
	dm_host_add_loadavg(&part, DM_STR("0.5 NaN 3\n"));
	assert_string_equal(main_text(), "\"node_load1\":0.5");
}

static void disk(const char *name, bool expected)
{
	char line[256];

	dm_part_clear(&part);
	snprintf(line, sizeof(line), " 8 0 %s 1 2 3 4 5 6 7 8 9 10 11\n", name);
	dm_host_add_diskstats(&part, dm_str(line));
	if (part.n_rows != expected)
		fail_msg("%s: %s", name, expected ? "left out" : "taken");
}

static void test_disks_chosen(void **state)
{
	static const char *const taken[] = {"sda", "vda", "xvdb", "nvme0n1",
	    "nvme10n2", "dm-0", "md127", "zram0", "sr0", "mmcblk0", "sdaa1",
	    "nvmep1", "nvme0p1", "1", "p1", "d1"};
	static const char *const left[] = {"ram0", "loop12", "fd0", "sda1",
	    "hdc5", "vda15", "xvda1", "nvme0n1p1", "nvme10n2p13"};

	(void)state;
	for (unsigned i = 0; i < DM_COUNT(taken); i++)
		disk(taken[i], true);
	for (unsigned i = 0; i < DM_COUNT(left); i++)
		disk(left[i], false);
}

static void test_diskstats(void **state)
{
	(void)state;
	dm_host_add_diskstats(&part,
	    DM_STR(" 8 0 sda 25 1 80 1500 7 2 16 250 1 900 1750 4 3 2 1 6 5\n"
		   " 8 16 sdb 1 2 3 4 5 6 7 8 9 10\n 8\n\n"
		   " 8 32 sdc 1 2 99999999999999999999 4 5 6 7 8 9 10 11\n"));
	assert_string_equal(rows_text(),
	    "\"device\":\"sda\" \"node_disk_reads_completed_total\":25,"
	    "\"node_disk_reads_merged_total\":1,"
	    "\"node_disk_read_bytes_total\":40960,"
	    "\"node_disk_read_time_seconds_total\":1.5,"
	    "\"node_disk_writes_completed_total\":7,"
	    "\"node_disk_writes_merged_total\":2,"
	    "\"node_disk_written_bytes_total\":8192,"
	    "\"node_disk_write_time_seconds_total\":0.25,"
	    "\"node_disk_io_now\":1,"
	    "\"node_disk_io_time_seconds_total\":0.9,"
	    "\"node_disk_io_time_weighted_seconds_total\":1.75,"
	    "\"node_disk_discards_completed_total\":4,"
	    "\"node_disk_discards_merged_total\":3,"
	    "\"node_disk_discarded_sectors_total\":2,"
	    "\"node_disk_discard_time_seconds_total\":0.001,"
	    "\"node_disk_flush_requests_total\":6,"
	    "\"node_disk_flush_requests_time_seconds_total\":0.005\n");
}

static void test_net_dev(void **state)
{
	(void)state;
	dm_host_add_net_dev(&part,
	    DM_STR("Inter-| Receive | Transmit\n face |bytes\n"
		   "  a\"b:1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
		   "  eth1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n"
		   "  : 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
		   "  eth2:18446744073709551615 2 3 -4 5 6 7 8 9 1 1 1\n"));
	assert_string_equal(rows_text(),
	    "\"device\":\"a\\\"b:1\" \"node_network_receive_bytes_total\":1,"
	    "\"node_network_receive_packets_total\":2,"
	    "\"node_network_receive_errs_total\":3,"
	    "\"node_network_receive_drop_total\":4,"
	    "\"node_network_receive_fifo_total\":5,"
	    "\"node_network_receive_frame_total\":6,"
	    "\"node_network_receive_compressed_total\":7,"
	    "\"node_network_receive_multicast_total\":8,"
	    "\"node_network_transmit_bytes_total\":9,"
	    "\"node_network_transmit_packets_total\":10,"
	    "\"node_network_transmit_errs_total\":11,"
	    "\"node_network_transmit_drop_total\":12,"
	    "\"node_network_transmit_fifo_total\":13,"
	    "\"node_network_transmit_colls_total\":14,"
	    "\"node_network_transmit_carrier_total\":15,"
	    "\"node_network_transmit_compressed_total\":16\n");
}

static void test_sockstat(void **state)
{
	(void)state;
	dm_host_add_sockstat(
	    &part, DM_STR("sockets: used 22\nTCP: inuse 6 tw 2\n"
			  "FRAG: inuse 0 memory\nx y: a 1\nnothing\n"
			  "UDP: mem 99999999999999999\n"));
	assert_string_equal(main_text(),
	    "\"node_sockstat_sockets_used\":22,"
	    "\"node_sockstat_TCP_inuse\":6,\"node_sockstat_TCP_tw\":2,"
	    "\"node_sockstat_FRAG_inuse\":0,"
	    "\"node_sockstat_UDP_mem\":99999999999999999");
}

static void test_small_files(void **state)
{
	(void)state;
	dm_host_add_file_nr(&part, DM_STR("771\t0\t2466170\n"));
	dm_host_add_file_nr(&part, DM_STR("771\t0\n"));
	dm_host_add_conntrack(&part, DM_STR("17\n"));
	dm_host_add_conntrack(&part, DM_STR("17 18\n"));
	dm_host_add_cpu_pressure(&part, DM_STR("some avg10=0.00 total=1500000\n"
					       "full avg10=0.00 total=250\n"));
	dm_host_add_io_pressure(&part,
	    DM_STR("some avg10=0.00 total=1\nfull avg10=0.00 total=2\n"));
	dm_host_add_memory_pressure(&part, DM_STR("some total=1\n"));
	assert_string_equal(main_text(),
	    "\"node_filefd_allocated\":771,\"node_filefd_maximum\":2466170,"
	    "\"node_nf_conntrack_entries\":17,"
	    "\"node_pressure_cpu_waiting_seconds_total\":1.5,"
	    "\"node_pressure_io_waiting_seconds_total\":0.000001,"
	    "\"node_pressure_io_stalled_seconds_total\":0.000002");
}

static void test_decode(void **state)
{
	struct dm_buf b = {0};

	(void)state;
	dm_mount_decode(&b, DM_STR("/a\\040b\\011\\134\\012\\303\\9\\04"));
	assert_string_equal(dm_buf_cstr(&b), "/a b\t\\\n\303\\9\\04");
	dm_buf_clear(&b);
	dm_mount_decode(&b, DM_STR("\\777\\400\\"));
	assert_string_equal(dm_buf_cstr(&b), "\\777\\400\\");
	dm_buf_release(&b);
}

static bool wanted(const char *fstype, const char *mountpoint)
{
	return dm_mount_wanted(dm_str(fstype), dm_str(mountpoint));
}

static void test_mounts_chosen(void **state)
{
	(void)state;
	assert_true(wanted("ext4", "/"));
	assert_true(wanted("tmpfs", "/tmp"));
	assert_true(wanted("xfs", "/var/lib/docker"));
	assert_true(wanted("ext4", "/device"));
	assert_true(wanted("ext4", "/mnt/data"));
	assert_false(wanted("tmpfs", "/dev"));
	assert_false(wanted("tmpfs", "/dev/shm"));
	assert_false(wanted("ext4", "/var/lib/docker/volumes/x"));
	assert_false(wanted("overlay", "/x"));
	assert_false(wanted("nfs4", "/home"));
	assert_false(wanted("fuse.sshfs", "/home"));
	assert_false(wanted("9p", "/home"));
	assert_false(wanted("ext4", "none"));
	assert_false(wanted("ext4", ""));
}

static void test_filesystems(void **state)
{
	struct dm_filesystems f = {0};
	struct statvfs st;
	struct dm_err err;
	char expected[512];

	(void)state;
	assert_int_equal(
	    dm_filesystems_look(&f,
		DM_STR("d / ext4 rw,errors=ro 0 0\nd / ext4 rw 0 0\n"
		       "n /h nfs rw 0 0\nshort /\n"
		       "e\\040f /no\\040such\\134x\\303 xfs rw,ro 0 0"),
		"/", &err),
	    0);
	dm_filesystems_rows(&f, &part);
	assert_int_equal(part.n_rows, 2);
	assert_int_equal(statvfs("/", &st), 0);
	snprintf(expected, sizeof(expected),
	    "\"node_filesystem_size_bytes\":%llu,",
	    (unsigned long long)st.f_blocks * st.f_frsize);
	assert_non_null(strstr(rows_text(), expected));
	assert_non_null(strstr(rows_text(), "\"node_filesystem_readonly\":0"));
	assert_non_null(
	    strstr(rows_text(), "\"device\":\"e f\",\"fstype\":\"xfs\","
				"\"mountpoint\":\"/no such\\\\\\\\x\\\\xc3\" "
				"\"node_filesystem_device_error\":1\n"));
	dm_filesystems_release(&f);
}

/* Every start of a good text, and every good text with a byte changed, is
 * taken without harm, and what comes out can be written. */
static void test_cut_and_changed(void **state)
{
	static const char good[] =
	    "cpu0 1 2 3 4 5 6 7 8 9 10\nctxt 5\n"
	    " 8 0 sda 25 1 80 1500 7 2 16 250 1 900 1750 4 3 2 1 6 5\n"
	    " eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
	    "TCP: inuse 6 tw 2\nActive(anon): 12 kB\npgpgin 5\n";
	static void (*const adds[])(struct dm_part *, struct dm_str) = {
	    dm_host_add_loadavg, dm_host_add_meminfo, dm_host_add_vmstat,
	    dm_host_add_diskstats, dm_host_add_net_dev, dm_host_add_sockstat,
	    dm_host_add_file_nr, dm_host_add_io_pressure};
	struct dm_host_cpus cpus = {0};

	(void)state;
	for (size_t n = 0; n < sizeof(good); n++) {
		char text[sizeof(good)];

		for (unsigned i = 0; i < DM_COUNT(adds); i++) {
			dm_part_clear(&part);
			adds[i](&part, (struct dm_str){good, n});
			memcpy(text, good, sizeof(good));
			text[n] = (char)0xff;
			adds[i](&part, (struct dm_str){text, sizeof(text)});
			assert_false(part.text.failed);
		}
		dm_host_add_stat(&cpus, &part, (struct dm_str){good, n});
		assert_false(part.text.failed);
	}
	dm_host_cpus_release(&cpus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_stat, fresh),
	    cmocka_unit_test_setup(test_idle_never_steps_back, fresh),
	    cmocka_unit_test_setup(test_meminfo, fresh),
	    cmocka_unit_test_setup(test_vmstat, fresh),
	    cmocka_unit_test_setup(test_loadavg, fresh),
	    cmocka_unit_test_setup(test_disks_chosen, fresh),
	    cmocka_unit_test_setup(test_diskstats, fresh),
	    cmocka_unit_test_setup(test_net_dev, fresh),
	    cmocka_unit_test_setup(test_sockstat, fresh),
	    cmocka_unit_test_setup(test_small_files, fresh),
	    cmocka_unit_test(test_decode),
	    cmocka_unit_test(test_mounts_chosen),
	    cmocka_unit_test_setup(test_filesystems, fresh),
	    cmocka_unit_test_setup(test_cut_and_changed, fresh),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, release);
}
