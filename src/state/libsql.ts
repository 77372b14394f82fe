/** libsql, whose own files the packed program holds: see `scripts/bundle.mjs`. */

import Database from 'libsql';

export type SqliteDatabase = InstanceType<typeof Database>;

export { Database };
