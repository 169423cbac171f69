// SPDX-License-Identifier: BSD-2-Clause
// query.js DIR FORMAT: run the SQL on standard input, on the data in DIR, and print what it answers in
// FORMAT.
'use strict';

const fs = require('fs');
const { Session } = require('chdb');

const session = new Session(process.argv[2]);
try {
	process.stdout.write(String(session.query(fs.readFileSync(0, 'utf8'), process.argv[3])));
} catch (error) {
	console.error(error.message);
	process.exitCode = 1;
} finally {
	session.close();
}
