// SPDX-License-Identifier: BSD-2-Clause
#include "lib/feature.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/if_link.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define LOOPBACK 1 /* its ifindex in every network namespace */

static const struct bpf_insn pass_program[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
	{ .code = BPF_JMP | BPF_EXIT },
};

/* Calls a helper of 5.18 from a program for several buffers: if it loads, the kernel has both. */
static const struct bpf_insn frags_program[] = {
	{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_xdp_get_buff_len },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
	{ .code = BPF_JMP | BPF_EXIT },
};

/* Reads four bytes at the start of a frame. The kernel assumes that Ethernet begins 2 bytes beyond
 * a multiple of 4, so that IP behind it is aligned. On machines that cannot read unaligned words it
 * therefore refuses a program that reads IP at the start of a frame.
 */
static const struct bpf_insn unaligned_program[] = {
	{ .code = BPF_LDX | BPF_MEM | BPF_W,
	  .dst_reg = BPF_REG_2,
	  .src_reg = BPF_REG_1,
	  .off = offsetof(struct xdp_md, data) },
	{ .code = BPF_LDX | BPF_MEM | BPF_W,
	  .dst_reg = BPF_REG_3,
	  .src_reg = BPF_REG_1,
	  .off = offsetof(struct xdp_md, data_end) },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_4, .src_reg = BPF_REG_2 },
	{ .code = BPF_ALU64 | BPF_ADD, .dst_reg = BPF_REG_4, .imm = 4 },
	{ .code = BPF_JMP | BPF_JGT | BPF_X, .dst_reg = BPF_REG_4, .src_reg = BPF_REG_3, .off = 1 },
	{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_0, .src_reg = BPF_REG_2 },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
	{ .code = BPF_JMP | BPF_EXIT },
};

/* Calls a helper of 5.11, the version that also brought the accounting. */
static const struct bpf_insn coarse_program[] = {
	{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ktime_get_coarse_ns },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
	{ .code = BPF_JMP | BPF_EXIT },
};

static int load_program(const struct bpf_insn *insns, size_t n, __u32 flags)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_flags = flags);
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "xdptail_probe", "Dual BSD/GPL", insns, n, &opts);

	return fd < 0 ? -errno : fd;
}

static int try_program(const struct bpf_insn *insns, size_t n, __u32 flags)
{
	int fd = load_program(insns, n, flags);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int feature_programs(void)
{
	return try_program(pass_program, 2, 0);
}

int feature_frags(void)
{
	return try_program(frags_program, 3, BPF_F_XDP_HAS_FRAGS);
}

int feature_unaligned(void)
{
	return try_program(unaligned_program, 8, 0);
}

int feature_memcg(void)
{
	return try_program(coarse_program, 3, 0);
}

/* Reports no ring buffer where long has 32 bits: libbpf compares ring positions directly, which
 * fails when they wrap.
 */
int feature_ring_buffer(void)
{
	int fd;

	if (sizeof(long) < 8)
		return -EOPNOTSUPP;
	fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "xdptail_probe", 0, 0,
			    (__u32)sysconf(_SC_PAGESIZE), NULL);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* An empty map has no first batch: a kernel that has the operation answers ENOENT. */
int feature_batch(void)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "xdptail_probe", sizeof(__u32), sizeof(__u32), 1,
				NULL);
	__u32 cursor, key, value;
	__u32 n = 1;
	int err;

	if (fd < 0)
		return -errno;
	err = bpf_map_lookup_and_delete_batch(fd, NULL, &cursor, &key, &value, &n, &opts);
	close(fd);
	return err == -ENOENT ? 0 : err;
}

/* The kernel never attaches this program: the loopback interface has no hardware to run one, and
 * the program was not compiled for any. Where the kernel has links the refusal is EOPNOTSUPP (or
 * EBUSY, EEXIST, when a program is attached); without links it is EINVAL.
 */
int feature_links(void)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_HW_MODE);
	int program_fd = load_program(pass_program, 2, 0);
	int err;
	int fd;

	if (program_fd < 0)
		return program_fd;
	fd = bpf_link_create(program_fd, LOOPBACK, BPF_XDP, &opts);
	err = fd < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	close(program_fd);
	return err == -EOPNOTSUPP || err == -EBUSY || err == -EEXIST ? 0 : err;
}
