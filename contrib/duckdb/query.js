// SPDX-License-Identifier: BSD-2-Clause
// query.js SQL: the answer as JSON lines. The stream is the table xdptail('FILE').
'use strict';

const fs = require('fs');
const path = require('path');
const { DuckDBInstance } = require('@duckdb/node-api');

async function main(sql) {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();

  await connection.run(fs.readFileSync(path.join(__dirname, 'stream.sql'), 'utf8'));
  const reader = await connection.runAndReadAll(sql);
  // 64 bits come as strings, which is also how the stream writes what JavaScript would round
  for (const row of reader.getRowObjectsJson())
    console.log(JSON.stringify(row));
}

if (process.argv.length !== 3) {
  console.error("usage: query.js \"select … from xdptail('/var/log/xdptail/xdptail.jsonl*') …\"");
  process.exit(2);
}
main(process.argv[2]).catch((error) => {
  console.error(`query.js: ${error.message}`);
  process.exit(1);
});
