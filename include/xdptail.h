/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * libxdptail: count every packet by source address, and receive one in N, through XDP.
 *
 * The use of a handle: xdptail_open() loads the program, xdptail_attach() attaches it to an
 * interface, then the caller's loop waits on xdptail_fd() and calls xdptail_poll(), which passes
 * each sample to a function; xdptail_close() undoes everything.
 *
 * The library never prints, never exits, never installs a signal handler and never owns a loop or
 * a thread. Functions return 0 (or what they say) or -errno; after a failure xdptail_reason() says
 * in words what went wrong. Any call that asks the kernel for something may fail with -ENOMEM,
 * or with an errno of the kernel that is not listed here. Output parameters are written on
 * success only. There are no globals: a process can have several handles; one handle must not
 * be used from two threads at once. A function that the library calls must not call it with the
 * same handle, but for xdptail_time(), xdptail_attached() and xdptail_reason(), and what is said at
 * xdptail_wait_fn. File descriptors are closed on exec; a forked child must not use, nor close, a
 * handle of its parent. libbpf, beneath, prints to stderr when a program does not verify: a caller
 * that does not want that calls libbpf_set_print().
 *
 * Numbers are in host byte order and addresses in network byte order, unless said otherwise.
 * Times are nanoseconds since 1970-01-01T00:00:00Z (CLOCK_REALTIME), leap seconds not counted.
 *
 * Structs that cross this boundary begin with their size as the caller was compiled, so that later
 * versions can append members; sizes are set by the *_init() functions.
 */
#ifndef XDPTAIL_H
#define XDPTAIL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

#define XDPTAIL_VERSION "0.1.0"

/** A loaded program, its maps, and the interfaces it is attached to. Opaque. */
struct xdptail;

enum xdptail_mode {
	XDPTAIL_MODE_AUTO, /**< native, and where the driver refuses that, generic */
	XDPTAIL_MODE_NATIVE, /**< in the driver: sees frames as they arrive */
	XDPTAIL_MODE_GENERIC, /**< behind the driver: works everywhere, sees merged packets (GRO) */
	XDPTAIL_MODE_MAX
};

enum xdptail_transport {
	XDPTAIL_TRANSPORT_AUTO, /**< ring buffer where the kernel has one (5.8), else perf buffer */
	XDPTAIL_TRANSPORT_RINGBUF,
	XDPTAIL_TRANSPORT_PERF,
	XDPTAIL_TRANSPORT_CAPTURE, /**< not to be asked for: what xdptail_open_capture() reads */
	XDPTAIL_TRANSPORT_MAX
};

enum xdptail_sample_mode {
	XDPTAIL_SAMPLE_EVERY, /**< each Nth packet of a CPU, from a random phase */
	/** gaps are random, N on average: no aliasing with periodic traffic */
	XDPTAIL_SAMPLE_RANDOM,
	XDPTAIL_SAMPLE_MODE_MAX
};

/** Readers of the stream know these numbers: none ever changes. */
enum xdptail_packet_type {
	XDPTAIL_TYPE_TCP = 0,
	XDPTAIL_TYPE_UDP = 1,
	XDPTAIL_TYPE_ICMP = 2,
	XDPTAIL_TYPE_ICMPV6 = 3,
	XDPTAIL_TYPE_SCTP = 4,
	XDPTAIL_TYPE_OTHER = 255
};

enum xdptail_fragment {
	XDPTAIL_FRAGMENT_NONE,
	XDPTAIL_FRAGMENT_FIRST, /**< offset 0, more to come: has the transport header */
	XDPTAIL_FRAGMENT_LATER, /**< has no transport header, so no ports */
	XDPTAIL_FRAGMENT_MAX
};

/** Why members of a packet are missing. */
enum xdptail_parse {
	XDPTAIL_PARSE_OK,
	XDPTAIL_PARSE_TRUNCATED, /**< the frame ends inside a header */
	/** a length field contradicts its own header or the one around it */
	XDPTAIL_PARSE_MALFORMED,
	XDPTAIL_PARSE_TOO_DEEP, /**< more IPv6 extension headers than are followed */
	XDPTAIL_PARSE_MAX
};

/**
 * What a packet was in. Its own addresses are those inside; one level is looked into. A packet
 * around it that is in fragments, cut short or broken, or that has something else than IP inside,
 * stands for itself, as without decap.
 */
enum xdptail_tunnel {
	XDPTAIL_TUNNEL_NONE,
	XDPTAIL_TUNNEL_VXLAN, /**< UDP port 4789 (RFC 7348) */
	XDPTAIL_TUNNEL_GENEVE, /**< UDP port 6081 (RFC 8926) */
	XDPTAIL_TUNNEL_GRE, /**< version 0, with IP or Ethernet (RFC 2784, 2890) */
	XDPTAIL_TUNNEL_IPIP, /**< IPv4 in IPv4 (RFC 2003) */
	XDPTAIL_TUNNEL_4IN6, /**< IPv4 in IPv6 (RFC 2473) */
	XDPTAIL_TUNNEL_6IN4, /**< IPv6 in IPv4 (RFC 4213) */
	XDPTAIL_TUNNEL_6IN6, /**< IPv6 in IPv6 (RFC 2473) */
	XDPTAIL_TUNNEL_GTPU, /**< UDP port 2152, version 1 (3GPP TS 29.281) */
	XDPTAIL_TUNNEL_MAX
};

/** Which of a packet's optional members are set; the others are 0. */
enum xdptail_has {
	XDPTAIL_HAS_PORTS = 1 << 0, /**< src_port, dst_port */
	XDPTAIL_HAS_TCP = 1 << 1, /**< seq_num, ack_num, tcp_flags */
	XDPTAIL_HAS_ICMP = 1 << 2, /**< icmp_type, icmp_code */
	XDPTAIL_HAS_VLAN = 1 << 3, /**< vlan */
	XDPTAIL_HAS_VLAN_INNER = 1 << 4, /**< vlan_inner */
	XDPTAIL_HAS_PROTOCOL = 1 << 5, /**< protocol, packet_type */
	XDPTAIL_HAS_FRAGMENT = 1 << 6, /**< fragment is not NONE */
	XDPTAIL_HAS_PARSE = 1 << 7, /**< parse is not OK */
	XDPTAIL_HAS_TUNNEL = 1 << 8 /**< tunnel is not NONE; outer_src_ip, outer_dst_ip */
};

/** One sampled packet. It is valid only until the callback returns. */
struct xdptail_packet {
	uint64_t timestamp_ns; /**< when the kernel saw the packet */
	uint64_t cpu_seq; /**< number of this sample on its CPU, from 1; a gap is a lost sample */
	const char *interface; /**< its name at present; the text stays until xdptail_close() */
	uint8_t src_ip[16]; /**< IPv4 as ::ffff:a.b.c.d */
	uint8_t dst_ip[16];
	uint32_t seq_num;
	uint32_t ack_num;
	uint32_t packet_len; /**< bytes of the frame on the wire, without its checksum */
	uint32_t ifindex;
	uint32_t sample_rate; /**< the N in use when this sample was taken */
	uint32_t cpu;
	uint32_t has; /**< enum xdptail_has, or-ed */
	uint16_t src_port;
	uint16_t dst_port;
	uint16_t vlan; /**< outermost tag's 12-bit identifier, of the frame even in a tunnel */
	uint16_t vlan_inner; /**< of the tag behind it */
	uint8_t ip_version; /**< 4 or 6 */
	uint8_t protocol; /**< IANA number; IPv6: of the header after the extension headers */
	uint8_t packet_type; /**< enum xdptail_packet_type */
	uint8_t tcp_flags; /**< as in the header: CWR ECE URG ACK PSH RST SYN FIN, FIN is 1 */
	uint8_t ttl; /**< or hop limit */
	uint8_t icmp_type;
	uint8_t icmp_code;
	uint8_t fragment; /**< enum xdptail_fragment */
	uint8_t parse; /**< enum xdptail_parse */
	uint8_t tunnel; /**< enum xdptail_tunnel; NONE unless decap was asked for */
	uint8_t outer_ip_version; /**< 4 or 6 */
	uint8_t outer_src_ip[16]; /**< of the packet around; IPv4 as ::ffff:a.b.c.d */
	uint8_t outer_dst_ip[16];
};

/**
 * Called for each sample, from within xdptail_poll().
 *
 * @param arg     the argument of xdptail_poll()
 * @param packet  valid until this returns
 * @return 0 to go on; anything else ends the xdptail_poll() after this sample, which counts as
 * delivered
 */
typedef int (*xdptail_packet_fn)(void *arg, const struct xdptail_packet *packet);

enum xdptail_state {
	XDPTAIL_STATE_ATTACHED,
	/** by request, or it cannot be attached (see reason) */
	XDPTAIL_STATE_DETACHED,
	XDPTAIL_STATE_GONE, /**< deleted, so nothing more comes from it; or not there yet */
	/** attached again, because one of this name was created; or moved back */
	XDPTAIL_STATE_BACK,
	XDPTAIL_STATE_RENAMED, /**< interface is the new name, which packets and counts have now */
	/** to another network namespace; counting continues under its last name */
	XDPTAIL_STATE_MOVED,
	XDPTAIL_STATE_DOWN, /**< it cannot receive: it was set down, or has no carrier */
	XDPTAIL_STATE_UP, /**< after it was down */
	XDPTAIL_STATE_MAX
};

/**
 * What happened to an interface. It is valid until the callback returns; the name is valid until
 * xdptail_close().
 *
 * One that was deleted is detached for good, unless wait_interface is set: then the handle waits
 * for one of the requested name, attaches to it, and reports BACK. If it cannot attach (which it
 * reports once, as DETACHED), it tries again each second while another program is there, and when
 * the interface is set up or its MTU changes where its driver refused. Where the process may not
 * open netlink sockets, DOWN and UP are not reported, and other events only within a second. Of an
 * interface that was MOVED only its deletion and its return are reported; if its index there is
 * that of another interface that is attached here, it is DETACHED, because packets carry only the
 * index.
 */
struct xdptail_interface {
	size_t size;
	const char *interface;
	uint32_t ifindex; /**< in this network namespace; 0: it is not there */
	enum xdptail_state state;
	enum xdptail_mode mode; /**< NATIVE or GENERIC, also of a former attachment; AUTO: none */
	const char *reason; /**< why this state or mode; NULL when it was requested */
};

/**
 * Called from within xdptail_attach(), xdptail_detach(), xdptail_poll(), and the functions that
 * take counts. It must not call these functions; it may call xdptail_attached() and xdptail_time().
 */
typedef void (*xdptail_interface_fn)(void *arg, const struct xdptail_interface *interface);

/**
 * Wall time has stepped by step_ns nanoseconds; or the time of a capture has gone back, by more
 * than an interval and more than a second, where the interval begins. Called from within
 * xdptail_poll().
 */
typedef void (*xdptail_clock_fn)(void *arg, int64_t step_ns);

/**
 * A capture is about to be read from what is no regular file, which may take long: wait until fd is
 * readable, and do meanwhile whatever else there is to do; the counts may be taken, too. Called
 * from within xdptail_open_capture() and xdptail_poll(). fd is the library's: not to be read or
 * closed. 0 to read; anything else ends the capture here, with -EINTR.
 */
typedef int (*xdptail_wait_fn)(void *arg, int fd);

/**
 * A capture has frames of a link type that is not read: they are counted, in not_ip. Called once
 * for each such type, before its first frame, from within xdptail_open_capture() and
 * xdptail_poll().
 *
 * @param link_type  LINKTYPE_, as the file has it
 * @param name       what libpcap calls it, or NULL; it stays
 */
typedef void (*xdptail_link_fn)(void *arg, uint32_t link_type, const char *name);

/**
 * What the kernel's verifier says of a program that it refuses, a line a call, without a newline;
 * there may be thousands. Called from within xdptail_open() and xdptail_open_capture().
 */
typedef void (*xdptail_log_fn)(void *arg, const char *line);

/**
 * Have the messages of libbpf go to fn, those of the whole process, a line a call; NULL: nowhere.
 * Unless this is called they go where libbpf puts them, to standard error. Before other threads use
 * libbpf.
 */
void xdptail_messages_take(xdptail_log_fn fn, void *arg);

#define XDPTAIL_SAMPLE_RATE_MAX (1U << 30)
#define XDPTAIL_RING_BYTES_MIN	65536U
#define XDPTAIL_RING_BYTES_MAX	(1U << 30)
#define XDPTAIL_MAX_SOURCES_MAX (1U << 20)
#define XDPTAIL_BATCH_MS_MAX	1000U
#define XDPTAIL_INTERFACES_MAX	64 /* attached to, or waited for, at a time */

#define XDPTAIL_TUNNEL_PORTS 2 /**< of each kind, at most */

/**
 * UDP destination ports by which tunnels are known, host byte order. A kind of which none is set
 * (all 0) has its default: VXLAN 4789 (RFC 7348) and 8472 (the Linux kernel's own), Geneve 6081
 * (RFC 8926), GTP-U 2152 (3GPP TS 29.281).
 */
struct xdptail_tunnel_ports {
	uint16_t vxlan[XDPTAIL_TUNNEL_PORTS];
	uint16_t geneve[XDPTAIL_TUNNEL_PORTS];
	uint16_t gtpu[XDPTAIL_TUNNEL_PORTS];
};

/** To be filled by xdptail_options_init() first; then what is in brackets is the default. */
struct xdptail_options {
	size_t size; /**< set by xdptail_options_init() */
	const char *function_name; /**< program (NULL: "count_tcp_packets") */
	enum xdptail_transport transport; /**< how samples leave the kernel (AUTO) */
	enum xdptail_sample_mode sample_mode; /**< (EVERY) */
	uint32_t sample_rate; /**< N: one sample in N packets of a CPU; 0: none (10) */
	/** rounded up to what the kernel takes; perf: all CPUs' sum (16 MiB) */
	uint32_t ring_bytes;
	uint32_t max_sources; /**< addresses counted apart at a time (65536) */
	/** how long samples may gather before xdptail_fd() is ready again (20) */
	uint32_t batch_ms;
	int trace; /**< not 0: each sample also goes to the kernel's trace pipe (0) */
	xdptail_interface_fn interface_fn; /**< called for events of interfaces (NULL) */
	void *interface_arg; /**< its argument; the library does not use it */
	/** kernel memory of the counts; above it all CPUs share; 0: 256 MiB, and less where most
	 * of it would be for CPUs that are not there (0)
	 */
	uint64_t max_map_bytes;
	xdptail_clock_fn clock_fn; /**< called for steps of the clock (NULL) */
	void *clock_arg;
	xdptail_wait_fn wait_fn; /**< called before a read that may take long (NULL: just read) */
	void *wait_arg;
	int prog_run; /**< not 0: a capture's frames go through the kernel's program (0) */
	int decap; /**< not 0: the packet inside a tunnel is counted, selected and recorded (0) */
	int wait_interface; /**< not 0: wait for interfaces that are not there, or go (0) */
	/** a capture that the caller has opened, and closes; -1: open the path (-1) */
	int capture_fd;
	const char *ebpf_program; /**< path of a BPF object that is not ours (NULL: ours) */
	struct xdptail_tunnel_ports tunnel_ports; /**< with decap; a port is of one kind (all 0) */
	xdptail_link_fn link_fn; /**< called for link types of a capture that are not read (NULL) */
	void *link_arg;
	xdptail_log_fn log_fn; /**< called with the verifier's log of a refused program (NULL) */
	void *log_arg;
};

/**
 * Set every member to its default. Cannot fail; nothing in it needs to be freed.
 *
 * @param size  sizeof(*o), as the caller was compiled
 */
void xdptail_options_init(struct xdptail_options *o, size_t size);

/**
 * Load the program and make its maps; nothing is attached yet.
 *
 * With ebpf_program both come from another object, made with the headers of this version
 * (bpf/abi.h), and function_name is a program in it. Since it becomes code of the kernel, the file
 * must be regular, no symbolic link, owned by root or the caller and not writable by others, and
 * the same holds for its directory, which may be sticky instead. Maps and records are checked
 * before it is loaded; what it does with packets is its own. A program "NAME_ip" beside it serves
 * interfaces whose frames begin with IP, "NAME_decap" decap.
 *
 * @param ret  set on success; release with xdptail_close(). On failure it is set too, to a handle
 *             good for xdptail_reason() and xdptail_close() only, or to NULL when there was no
 *             memory for one.
 * @param o    NULL for the defaults; copied, the strings too
 * Before Linux 5.11 maps count against RLIMIT_MEMLOCK, which is raised as far as the process may.
 * Where the verifier refuses a program, other options are tried, for seconds at most, to say which
 * would work.
 *
 * @return 0, or -EPERM (a capability is missing, or RLIMIT_MEMLOCK is too low, or the file can't be
 * read), -EINVAL (an option out of range, or max_map_bytes too small for max_sources; or an
 * ebpf_program that cannot be one), -ENOENT (no program function_name, or none of it that can
 * decap; or no such file), -ENOEXEC (the kernel's verifier does not take the program), -EOPNOTSUPP
 * (the kernel lacks what was asked for), -ENOMEM, or what the kernel said
 */
int xdptail_open(struct xdptail **ret, const struct xdptail_options *o);

/**
 * Start counting on an interface; there may be several, which share all limits. Where the kernel
 * has BPF links (5.9) it ends by itself with the process, however that ends; before, only
 * xdptail_detach() and xdptail_close() end it.
 *
 * Its frames must begin with Ethernet, or with IP as those of tun, WireGuard, PPP and IP tunnels
 * do. Calls interface_fn with ATTACHED. On failure nothing is attached, and what was stays.
 *
 * @param interface  its name; copied
 * @param mode       AUTO takes generic where the driver refuses native, and the event has the
 * reason
 * @return 0; 1: there is none of this name, and with wait_interface it is waited for; or -ENODEV
 * (no such interface), -EBUSY (another XDP program is there, or this one), -EOPNOTSUPP (frames of
 * another kind, or the handle is a capture's) or whatever else the driver said to this mode,
 * -EPERM, -ENOSPC (too many interfaces)
 */
int xdptail_attach(struct xdptail *x, const char *interface, enum xdptail_mode mode);

/** How far a capture has been read. */
enum xdptail_capture_state {
	XDPTAIL_CAPTURE_MORE, /**< xdptail_poll() goes on */
	/** an interval of its clock is over: take the counts, then go on */
	XDPTAIL_CAPTURE_INTERVAL,
	XDPTAIL_CAPTURE_END /**< nothing more comes; the last interval's counts can be taken */
};

/**
 * Open a capture file in place of an interface: pcap or pcapng, of either byte order, plain or
 * compressed with gzip or zstd; links of Ethernet, raw IP, Linux cooked and loopback. The same
 * parser, the same selection and sampling, the same counts; no privileges. xdptail_poll() delivers
 * samples, and waits for nothing but the file; time is the capture's own. transport, ring_bytes,
 * max_sources, max_map_bytes, batch_ms, trace and interface_fn do not apply.
 *
 * With prog_run the program is loaded as by xdptail_open(), needing what that needs, and run on
 * each frame (BPF_PROG_RUN); transport, ring_bytes, max_sources and max_map_bytes apply then. What
 * comes out is the same. Frames that it can't be given are parsed here, as without, and counted
 * (parsed_here): those that have less than 14 bytes for it, or more than the kernel takes (64 KiB),
 * or headers beyond its first 3 KiB; those that are no IP on a loopback link; and, with a program
 * for one buffer (transport) or before Linux 6.18, those that were cut or are of a cooked or
 * loopback link: they count for more bytes than there are. With ebpf_program, which takes prog_run,
 * the first such frame ends the reading, for only the program knows what it would count.
 *
 * @param path         "-" is stdin; with capture_fd a name for messages
 * @param o            NULL for the defaults; without ebpf_program function_name is one of
 *                     the two that there are
 * @param interval_ns  of the capture's clock, after which xdptail_poll() stops until the counts
 * were taken; 0: at the end only. There are no counts of intervals in which nothing came. A frame
 * that is late is counted in the interval in which it comes
 * @return as xdptail_open(); -EPROTONOSUPPORT: pcap of a link type that is not read; -EINVAL: no
 *         capture; -EINTR: wait_fn said so
 */
int xdptail_open_capture(struct xdptail **ret, const char *path, const struct xdptail_options *o,
			 uint64_t interval_ns);

/** Cannot fail. MORE for a handle that is no capture. */
enum xdptail_capture_state xdptail_capture_state(const struct xdptail *x);

/** Unix time in nanoseconds: now; for a capture, that of the last packet. Cannot fail. */
uint64_t xdptail_time(const struct xdptail *x);

/**
 * Set N and the sampling mode, from the next packet on; each sample carries the N of its time.
 *
 * @param sample_rate  0: no samples; at most XDPTAIL_SAMPLE_RATE_MAX
 * @return 0, -EINVAL: out of range, or -errno
 */
int xdptail_set_sampling(struct xdptail *x, uint32_t sample_rate, enum xdptail_sample_mode mode);

/**
 * Stop counting on an interface, or waiting for it; calls interface_fn with DETACHED. Blocks for a
 * grace period of the kernel, 8 to 50 ms: when it returns, no packet of the interface is under way
 * to the counts any more. Its samples may still be in the ring, and its counts are taken with those
 * of the others.
 *
 * @param interface  by the name that xdptail_attach() was given, whatever it is called now; NULL:
 * all
 * @return 0, also when there were none at all; -ENODEV: it is not attached; -EOPNOTSUPP: the handle
 * is a capture's; else -errno: it is detached, but the wait has failed
 */
int xdptail_detach(struct xdptail *x, const char *interface);

/** How many interfaces are attached now; not those that are waited for. Cannot fail. */
unsigned int xdptail_attached(const struct xdptail *x);

/**
 * For the caller's own poll: readable when xdptail_poll() has something to do, until that has done
 * it.
 *
 * @return a file descriptor, which the handle owns until xdptail_close(): not to be read or closed;
 * or -EOPNOTSUPP: a capture has none, and xdptail_poll() is called until its state is END
 */
int xdptail_fd(const struct xdptail *x);

/**
 * Do what is due, and deliver samples that are waiting. What is due comes ten times a second, and
 * is not only samples: so it is to be called whenever xdptail_fd() is readable, also with a
 * sample_rate of 0, or a table of sources may run full.
 *
 * Samples are in order of each CPU, not among CPUs.
 *
 * @param timeout_ms  milliseconds to wait for the first; 0: not at all; -1: no limit
 * @param max         how many at most; 0: 4096. If more wait, xdptail_fd() stays readable
 * @param fn          NULL: samples are thrown away, and counted as discarded
 * @param arg         handed to fn
 * @return how many were delivered or discarded; 0: none, within the time, or a capture has an
 * interval or itself at its end; -EINTR: a signal came; of a capture, -EBADMSG (cut, or broken),
 * -EIO (cannot be read): what came before it has been delivered, and the counts can be taken; or
 *         -errno
 */
int xdptail_poll(struct xdptail *x, int timeout_ms, unsigned int max, xdptail_packet_fn fn,
		 void *arg);

/**
 * Everything counted in one interval. It adds up exactly:
 *   seen = not_ip + no_source + undetermined + not_selected + counted
 *   counted = sum of the sources' packets + unattributed_packets (bytes likewise)
 *   pending before + sampled = delivered + discarded + lost_* + pending
 */
struct xdptail_counts {
	/** where the last one ended; of a capture, its first or earliest time */
	uint64_t interval_start_ns;
	uint64_t interval_end_ns; /**< of a capture, no packet of the interval is later */
	uint64_t seen; /**< packets, as all members up to counted */
	uint64_t not_ip;
	uint64_t no_source; /**< IP header too short or broken to have one */
	uint64_t undetermined; /**< selected by protocol, which could not be reached */
	uint64_t not_selected; /**< another protocol than the program's */
	uint64_t counted;
	uint64_t counted_bytes; /**< of frames on the wire */
	uint64_t unattributed_packets; /**< counted, but to no source: the sum of the next four */
	uint64_t unattributed_full; /**< packets: the map, or the table behind it, had no room */
	uint64_t unattributed_busy; /**< packets: the map was locked on this CPU */
	uint64_t unattributed_no_memory; /**< packets */
	uint64_t unattributed_other; /**< packets */
	uint64_t unattributed_bytes; /**< bytes of the unattributed packets */
	uint64_t sampled; /**< samples, as all members up to lost_undecodable */
	uint64_t delivered;
	uint64_t discarded;
	uint64_t pending; /**< not yet read from the ring; 0 after xdptail_counts_step() */
	uint64_t lost_ring_full;
	uint64_t lost_no_buffer; /**< perf: on a CPU that has just come up */
	uint64_t lost_other;
	uint64_t lost_undecodable; /**< samples that could not be decoded */
	uint64_t lost_first_ns; /**< no sample was lost before this; 0: none was lost */
	uint64_t lost_last_ns; /**< no sample was lost after this */
	size_t n_sources;
};

/** One source address on one interface. */
struct xdptail_source {
	uint8_t src_ip[16]; /**< IPv4 as ::ffff:a.b.c.d */
	const char *interface; /**< until xdptail_close() */
	uint64_t packets;
	uint64_t bytes; /**< of frames on the wire */
};

/**
 * The i-th of n_sources, from 0; they are in no order.
 *
 * @param c    with its handle still open: the name of the interface is the handle's
 * @param ret  filled by value; only its interface is lent
 * @return 0, or -EINVAL: there are not so many
 */
int xdptail_counts_source(const struct xdptail_counts *c, size_t i, struct xdptail_source *ret);

/**
 * All that was counted since the last call (or since xdptail_open()), exactly: no packet is
 * missed, none is in two intervals. Blocks for a grace period of the kernel, 8 to 50 ms, and takes
 * no samples from the ring.
 *
 * @param ret  owned by the caller: xdptail_counts_free(), before xdptail_close()
 * @return 0, -ENOMEM, -EBUSY (between xdptail_counts_begin() and its last step), or -errno
 */
int xdptail_take_counts(struct xdptail *x, struct xdptail_counts **ret);

/**
 * Takes the counts in steps, for a caller that drains the ring meanwhile: begin, then step and
 * xdptail_poll() in turn until step returns 1. Begin and one step block for a grace period. Not to
 * be mixed with xdptail_take_counts(), which leaves samples of its interval in the ring.
 *
 * @return 0, -EBUSY (one is under way), or -errno
 */
int xdptail_counts_begin(struct xdptail *x);

/**
 * The next step of what xdptail_counts_begin() began.
 *
 * @param max  how many sources to collect in this step at most; 0: 4096
 * @param ret  set when this returns 1: owned by the caller, as of xdptail_take_counts()
 * The first step decides how far the ring has to be read, whatever comes later. A caller that has
 * no time for those samples can have xdptail_poll() throw them away (fn NULL) until step returns 1:
 * the counts are the same.
 *
 * Temporary failures of the kernel (memory, a map that is in use) are retried by the next step, so
 * the caller must make one; after some seconds they are an error.
 *
 * @return 1: done, *ret is set; 0: call again, after an xdptail_poll(), because there are more
 *         sources, or samples of the interval are still in the ring; -EINVAL (not begun), -ENOMEM,
 *         -errno
 */
int xdptail_counts_step(struct xdptail *x, unsigned int max, struct xdptail_counts **ret);

/**
 * For a program that must end at once: detach from all interfaces, and take all counts that were
 * not taken yet, including those of an interval that xdptail_counts_begin() has closed. The totals
 * are exact. Sources that would have to be collected first are left out: there counted is more than
 * their packets and what is unattributed. Samples that are still in the ring are discarded, unread.
 * Blocks for a grace period if something was attached. Then nothing is counted any more:
 * xdptail_stats(), xdptail_time() and xdptail_close() are what is left to call.
 *
 * @param ret  owned by the caller, as of xdptail_take_counts()
 * @return 0, -ENOMEM, or -errno
 */
int xdptail_counts_finish(struct xdptail *x, struct xdptail_counts **ret);

/** Free. NULL is fine. Cannot fail. */
void xdptail_counts_free(struct xdptail_counts *c);

/**
 * How many packets were counted since the last call. This is xdptail_take_counts(), of which only
 * the sum of counted is kept: counts that one of the two has taken are not returned by the other.
 *
 * @return as xdptail_take_counts()
 */
int xdptail_get_packet_count(struct xdptail *x, uint64_t *ret);

/** How the handle was set up, and its sums since xdptail_open(). */
struct xdptail_stats {
	size_t size; /**< set by the caller */
	const char *function_name; /**< until xdptail_close() */
	enum xdptail_transport transport; /**< RINGBUF or PERF */
	uint32_t ring_bytes; /**< as the kernel rounded it */
	uint32_t max_sources;
	uint32_t sample_rate;
	enum xdptail_sample_mode sample_mode;
	uint64_t map_bytes; /**< kernel memory of the maps that count, about */
	/** not 0: all CPUs share a source's value, to stay under max_map_bytes */
	int shared_counts;
	uint64_t ring_high_water; /**< most bytes seen waiting since the last xdptail_stats() */
	uint64_t longest_wait_ns; /**< longest wait of a sample since the last xdptail_stats() */
	uint64_t delivered;
	uint64_t discarded;
	uint64_t lost_undecodable;
	uint64_t parsed_here; /**< frames that prog_run could not give to the kernel's program */
	int decap; /**< not 0: as in the options */
	/** path in the options, valid until xdptail_close(); NULL: ours */
	const char *ebpf_program;
	uint64_t early_flips; /**< how often the table of sources ran full, and was taken early */
};

/**
 * Resets ring_high_water and longest_wait_ns.
 *
 * @param ret  of the caller's, with its size set; no more than that is written. Strings are lent
 * @return 0, or -EINVAL: ret->size is not set
 */
int xdptail_stats(struct xdptail *x, struct xdptail_stats *ret);

/**
 * The capabilities (a bit each, as in linux/capability.h) that the handle goes on needing with what
 * is attached now: CAP_PERFMON and CAP_IPC_LOCK for perf buffers, which are opened again for a CPU
 * that comes up; CAP_NET_ADMIN where the kernel has no BPF links (before 5.9), to detach. Where
 * xdptail_check_rights() says -EPERM without, CAP_BPF too. All others can be given up once
 * xdptail_attach() is done: by the thread that makes the calls, and before it starts others, if
 * they are to have none.
 */
uint64_t xdptail_capabilities(const struct xdptail *x);

/**
 * Would counting go on with the rights that this thread has now? Makes each kind of kernel call
 * that it consists of, and changes nothing. Since Linux 5.19 they need no capabilities; before,
 * that depends on the sysctl kernel.unprivileged_bpf_disabled. Blocks for a grace period of the
 * kernel, 8 to 50 ms.
 *
 * @return 0, -EPERM, or what else the kernel said
 */
int xdptail_check_rights(struct xdptail *x);

/**
 * For a watchdog: the handle makes progress if the result changes.
 *
 * @return 0: there is nothing to do; else a number that grows with each sample taken and each
 * source collected
 */
uint64_t xdptail_progress(const struct xdptail *x);

/** An answer about the system. Without the rights to find out it is UNKNOWN, not NO. */
enum xdptail_answer {
	XDPTAIL_UNKNOWN,
	XDPTAIL_NO,
	XDPTAIL_YES,
	XDPTAIL_ANSWER_MAX
};

/** What can be known before anything is attached. The struct has no pointers to free. */
struct xdptail_probe {
	size_t size; /**< set by the caller */
	int open_err; /**< result of xdptail_open() with the defaults: 0 or -errno */
	int attach_err; /**< predicted result of xdptail_attach() with MODE_AUTO */
	char open_reason[512]; /**< why it failed, as xdptail_reason(); "" when it did not */
	/** why attaching fails; with attach_err 0: why not native mode, or "" */
	char attach_reason[512];
	char kernel[65]; /**< its release, "6.1.0-9-amd64" */
	char lockdown[16]; /**< "none", "integrity", "confidentiality"; "": unknown */
	char capabilities_missing[64]; /**< of this process: "CAP_BPF, CAP_PERFMON"; "": none */
	enum xdptail_answer ring_buffer; /**< a ring buffer that this library can read */
	enum xdptail_answer frags; /**< programs for frames that lie in several buffers */
	enum xdptail_answer batch; /**< operations on many elements of a map at once */
	enum xdptail_answer links; /**< what is attached ends with its process */
	/** the kernel has type information, which this library does not need */
	enum xdptail_answer btf;
	enum xdptail_answer memcg; /**< maps count against the control group's memory (5.11) */
	uint64_t memlock_bytes; /**< RLIMIT_MEMLOCK, which counts otherwise; UINT64_MAX: none */
	uint32_t
		possible_cpus; /**< each has its own value of a count: there may be more than are */
	enum xdptail_transport transport; /**< what AUTO has chosen; AUTO: xdptail_open() failed */
	uint32_t ring_bytes; /**< of that transport, by the defaults; 0: xdptail_open() failed */
	int shared_counts; /**< not 0: all CPUs share a source's value, to save memory */
	uint64_t map_bytes; /**< kernel memory of the maps that count, about; 0: as ring_bytes */

	/* The interface; all 0 when none was asked for, or, but its name, when there is none. */
	char interface[16];
	uint32_t ifindex;
	char driver[32]; /**< "": unknown */
	enum xdptail_answer up; /**< by the administrator */
	enum xdptail_answer native; /**< its driver announces native mode (told since Linux 6.3) */
	/** its driver accepts frames in several buffers in native mode */
	enum xdptail_answer native_frags;
	uint32_t mtu; /**< bytes */
	uint32_t native_mtu_max; /**< bytes, about: without native_frags, or frags */
	enum xdptail_answer lro; /**< is it on? */
	enum xdptail_answer gro_hw; /**< is it on? */
	enum xdptail_answer gro; /**< is it on? generic mode comes after it */
	enum xdptail_answer rxvlan; /**< is it on? if so, a VLAN tag is removed before XDP */
	/** of the XDP program that is there, perhaps this library's; 0: none */
	uint32_t program_id;
	char program_name[16]; /**< what the kernel keeps of it; "": unknown */
	enum xdptail_mode program_mode; /**< AUTO: offloaded, or several at once */
	char upper[16]; /**< an interface on top of it that has an XDP program; "": none is seen */
	enum xdptail_mode mode; /**< what AUTO would choose; AUTO: unknown, or nothing */

	/* More members about the kernel, which later versions appended. */
	/** bytes, about, that RLIMIT_MEMLOCK must allow, if it alone is too low; else 0 */
	uint64_t memlock_needed;
	uint32_t online_cpus; /**< of the possible ones */
};

/**
 * Find out whether and how counting would work: loads the program as xdptail_open() does, and
 * unloads it; looks at the interface; attaches nothing, touches no packet, changes nothing that
 * stays. Works without privileges, but then open_err is -EPERM, and what cannot be tried is
 * UNKNOWN.
 *
 * @param interface  NULL: only what concerns the kernel. A missing interface is not a
 *                   failure: attach_err is -ENODEV
 * @param ret        with its size set; written on success only, nothing in it is to be freed
 * @return 0, -EINVAL (ret->size is not set), or -ENOMEM
 */
int xdptail_probe(const char *interface, struct xdptail_probe *ret);

/**
 * Why the last call failed, in words, without a newline; "" when it did not. Never NULL. Lent:
 * until the next call with this handle. Of NULL, which xdptail_open() leaves when there was no
 * memory, it is "out of memory".
 */
const char *xdptail_reason(const struct xdptail *x);

/**
 * Detach from everything and free, with the samples and counts that were not taken. Calls nothing
 * back, and cannot fail. NULL is fine, and so is a handle whose open failed. Counts that were taken
 * are to be freed before.
 */
void xdptail_close(struct xdptail *x);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
