/* SPDX-License-Identifier: BSD-2-Clause */
/* One question to the kernel over netlink, and its answer (netlink(7)). */
#ifndef LIB_NETLINK_H
#define LIB_NETLINK_H

#include <stddef.h>
#include <stdint.h>

#include <linux/netlink.h>

/* Room for any answer about one interface: several pages when it has many of everything. */
#define NETLINK_ANSWER_MAX 32768

/* Append an attribute to a message that has room for it. */
void netlink_put(struct nlmsghdr *message, uint16_t type, const void *data, size_t size);

/* The first attribute of this type among those in len bytes at attributes, or NULL. Its length has
 * been checked to lie within them; *ret_size is that of its data.
 */
const void *netlink_find(const void *attributes, size_t len, uint16_t type, size_t *ret_size);

/* Find an attribute that is a number of four or eight bytes, whatever its alignment. 0, or -ENOENT.
 */
int netlink_find_u32(const void *attributes, size_t len, uint16_t type, uint32_t *ret);
int netlink_find_u64(const void *attributes, size_t len, uint16_t type, uint64_t *ret);

/* Send the message, and receive into answer the first that comes back. How many bytes of it lie
 * behind the headers, of which the second has family_header bytes, with *ret where they begin; or
 * -errno, which may be the kernel's.
 */
int netlink_ask(int protocol, struct nlmsghdr *message, size_t family_header,
		char answer[NETLINK_ANSWER_MAX], const void **ret);

#endif
