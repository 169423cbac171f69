// SPDX-License-Identifier: BSD-2-Clause
#include "lib/feature.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/if_link.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define LOOPBACK 1 /* its ifindex, in every network namespace */

static const struct bpf_insn pass_program[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
	{ .code = BPF_JMP | BPF_EXIT },
};

/* Calls a helper of 5.18 as a program for several buffers: if it loads, both are there. */
static const struct bpf_insn frags_program[] = {
	{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_xdp_get_buff_len },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
	{ .code = BPF_JMP | BPF_EXIT },
};

/* Reads four bytes where a frame begins. The kernel takes Ethernet to begin 2 bytes beyond a
 * multiple of 4, so that IP behind it is aligned, and on machines that can't read unaligned words
 * it refuses a program that reads IP in Ethernet's place.
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

/* Calls a helper of 5.11, which came with the accounting. */
static const struct bpf_insn coarse_program[] = {
	{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ktime_get_coarse_ns },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
	{ .code = BPF_JMP | BPF_EXIT },
};

static int load_tiny_program(const struct bpf_insn *insns, size_t n, __u32 flags)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_flags = flags);
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "xdptail_probe", "Dual BSD/GPL", insns, n, &opts);

	return fd < 0 ? -errno : fd;
}

static int try_program(const struct bpf_insn *insns, size_t n, __u32 flags)
{
	int fd = load_tiny_program(insns, n, flags);

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

/* libbpf compares ring positions as they come, which fails when 32 bits wrap. */
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

/* An empty map has no first batch, which is ENOENT where there is the operation. */
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

/* The loopback interface has no hardware that could run a program, and this one was not translated
 * for any: there is nothing in the kernel that would take it. Where links are known the refusal is
 * EOPNOTSUPP (or EBUSY, EEXIST, when a program is there); where they are not it is EINVAL.
 */
int feature_links(void)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_HW_MODE);
	int program_fd = load_tiny_program(pass_program, 2, 0);
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
