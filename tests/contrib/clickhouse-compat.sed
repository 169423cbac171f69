# SPDX-License-Identifier: BSD-2-Clause
# What ClickHouse 18.16 (2018, Debian 12's) makes of the SQL in contrib/clickhouse: sed -f this
# FILE. Types that it has not become older ones; fractions of seconds, codecs, skip indices and TTL
# are left out.
s/DateTime64(9, 'UTC')/DateTime('UTC')/
s/LowCardinality(String)/String/
s/\bBool\b/UInt8/
s/\bIPv6\b/String/
s/ CODEC([^)]*)//
/^    INDEX /d
/^TTL /d
/^SETTINGS /d
s/toIPv6(\('[^']*'\))/\1/
