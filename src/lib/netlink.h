/* SPDX-License-Identifier: BSD-2-Clause */
/* Sends one request to the kernel over netlink, and receives the answer (netlink(7)). */
#ifndef LIB_NETLINK_H
#define LIB_NETLINK_H

#include <stddef.h>
#include <stdint.h>

#include <linux/netlink.h>

/* Enough for any answer about one interface: several pages if it has many addresses and queues. */
#define NETLINK_ANSWER_MAX 32768

/* Appends an attribute to a message, which must have room for it. */
void netlink_put(struct nlmsghdr *message, uint16_t type, const void *data, size_t size);

/* Returns the first attribute of this type among those in len bytes at attributes, or NULL. It has
 * been checked to lie within them; *ret_size is the size of its data.
 */
const void *netlink_find(const void *attributes, size_t len, uint16_t type, size_t *ret_size);

/* Reads an attribute that is a number of four or eight bytes, whatever its alignment. Returns 0 or
 * -ENOENT.
 */
int netlink_find_u32(const void *attributes, size_t len, uint16_t type, uint32_t *ret);
int netlink_find_u64(const void *attributes, size_t len, uint16_t type, uint64_t *ret);

/* Sends the message, and receives the first answer. Returns the number of bytes behind the headers,
 * of which the second has family_header bytes, and sets *ret to their start; or returns -errno,
 * which may be the kernel's.
 */
int netlink_ask(int protocol, struct nlmsghdr *message, size_t family_header,
		char answer[NETLINK_ANSWER_MAX], const void **ret);

#endif
