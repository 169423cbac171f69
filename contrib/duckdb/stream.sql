-- SPDX-License-Identifier: BSD-2-Clause
-- The stream as a table: xdptail('FILE'), with a pattern or a list of files, compressed ones among
-- them.
--
-- Types are declared, not inferred: nine fraction digits would be taken for text, and a column of
-- numbers in which there is a string, as of 2^53 and more, for JSON. Keys that a record does not
-- have are NULL.
create or replace macro xdptail(files) as table
select * from read_json(files, format = 'newline_delimited', columns = {
	timestamp: 'TIMESTAMP_NS', event_type: 'VARCHAR', run: 'VARCHAR', record_seq: 'UBIGINT',
	interface: 'VARCHAR', src_ip: 'VARCHAR', dst_ip: 'VARCHAR', src_port: 'USMALLINT',
	dst_port: 'USMALLINT', protocol: 'UTINYINT', packet_type: 'UTINYINT',
	packet_len: 'UINTEGER', seq_num: 'UINTEGER', ack_num: 'UINTEGER', tcp_flags: 'UTINYINT',
	flags: 'VARCHAR', icmp_type: 'UTINYINT', icmp_code: 'UTINYINT', ttl: 'UTINYINT',
	vlan: 'USMALLINT', vlan_inner: 'USMALLINT', outer_src_ip: 'VARCHAR',
	outer_dst_ip: 'VARCHAR', tunnel: 'VARCHAR', fragment: 'VARCHAR', parse: 'VARCHAR',
	sample_rate: 'UINTEGER', cpu: 'UINTEGER', cpu_seq: 'UBIGINT', snapshot: 'UBIGINT',
	packets: 'UBIGINT', bytes: 'UBIGINT', total: 'BOOLEAN', interval_start: 'TIMESTAMP_NS',
	interval_end: 'TIMESTAMP_NS', counts: 'VARCHAR', sources: 'UBIGINT', listed: 'UBIGINT',
	seen: 'UBIGINT', not_ip: 'UBIGINT', no_source: 'UBIGINT', undetermined: 'UBIGINT',
	not_selected: 'UBIGINT', counted: 'UBIGINT', counted_bytes: 'UBIGINT',
	unlisted_packets: 'UBIGINT', unlisted_bytes: 'UBIGINT', unattributed_packets: 'UBIGINT',
	unattributed_bytes: 'UBIGINT', unattributed_full: 'UBIGINT', unattributed_busy: 'UBIGINT',
	unattributed_no_memory: 'UBIGINT', unattributed_other: 'UBIGINT', sampled: 'UBIGINT',
	delivered: 'UBIGINT', lost_ring_full: 'UBIGINT', lost_no_buffer: 'UBIGINT',
	lost_other: 'UBIGINT', lost_undecodable: 'UBIGINT', discarded: 'UBIGINT',
	cpu_ms: 'UBIGINT', rss_kb: 'UBIGINT', ring_high_water: 'UBIGINT',
	longest_wait_ms: 'UBIGINT', sink: 'VARCHAR', made: 'UBIGINT', written: 'UBIGINT',
	filtered: 'UBIGINT', dropped_queue_full: 'UBIGINT', dropped_error: 'UBIGINT',
	queued: 'UBIGINT', disconnects: 'UBIGINT', version: 'VARCHAR', schema: 'VARCHAR',
	hostname: 'VARCHAR', kernel: 'VARCHAR', function_name: 'VARCHAR', ebpf_program: 'VARCHAR',
	transport: 'VARCHAR', capture: 'VARCHAR', prog_run: 'BOOLEAN', ring_bytes: 'UINTEGER',
	sample_mode: 'VARCHAR', interval_s: 'UINTEGER', decap: 'BOOLEAN', max_sources: 'UINTEGER',
	map_type: 'VARCHAR', map_bytes: 'UBIGINT', capabilities: 'VARCHAR[]', repeated: 'BOOLEAN',
	joined: 'BOOLEAN', file: 'UBIGINT', ifindex: 'UINTEGER', state: 'VARCHAR', hook: 'VARCHAR',
	mode: 'VARCHAR', reason: 'VARCHAR', "where": 'VARCHAR', cause: 'VARCHAR',
	records: 'UBIGINT', "first": 'TIMESTAMP_NS', "last": 'TIMESTAMP_NS', step_ns: 'BIGINT',
	exit: 'UTINYINT'
});
