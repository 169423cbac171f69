#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# size.sh HOSTS PACKETS N INTERVAL SOURCES: what a fleet makes of lines and bytes, where each host
# receives so many packets a second, samples one in N, and lists so many sources each INTERVAL
# seconds (at most --top). Bytes of a line, and of a row in contrib/clickhouse, are of README.md's
# streams; set them to yours.
set -eu

: "${PACKET_LINE:=360}" "${COUNT_LINE:=197}" "${OTHER_LINE:=310}" # bytes in the stream
: "${PACKET_ROW:=26}" "${COUNT_ROW:=44}"                          # bytes in ClickHouse
: "${PACKET_DAYS:=7}" "${COUNT_DAYS:=90}"                         # as schema.sql keeps them
: "${PARTITION:=5000000}"                                        # bytes a second that a Kafka partition of yours takes

awk -v hosts="$1" -v packets="$2" -v n="$3" -v interval="$4" -v sources="$5" \
	-v packet_line="$PACKET_LINE" -v count_line="$COUNT_LINE" -v other_line="$OTHER_LINE" \
	-v packet_row="$PACKET_ROW" -v count_row="$COUNT_ROW" -v packet_days="$PACKET_DAYS" \
	-v count_days="$COUNT_DAYS" -v partition="$PARTITION" '
	BEGIN {
		samples = n > 0 ? hosts * packets / n : 0
		counts = hosts * sources / interval
		others = hosts * 3 / interval # snapshot, stats, and sink of one output
		bytes = samples * packet_line + counts * count_line + others * other_line
		printf "packet lines a second  %14.0f\n", samples
		printf "count lines a second   %14.0f\n", counts
		printf "other lines a second   %14.0f\n", others
		printf "bytes a second         %14.0f\n", bytes
		printf "bytes a day            %14.0f\n", bytes * 86400
		printf "Kafka partitions       %14d\n", int((bytes + partition - 1) / partition)
		printf "ClickHouse, packets    %14.0f bytes, %d days\n", samples * packet_row * 86400 * packet_days, packet_days
		printf "ClickHouse, counts     %14.0f bytes, %d days\n", counts * count_row * 86400 * count_days, count_days
	}'
