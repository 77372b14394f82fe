/** What the registry held while it was kept in the database of records. */

import { existsSync } from 'node:fs';
import { closeDatabase, openDatabase, unusable } from '../state/database.js';
import type { Row, RowKind } from './registry-store.js';

/** Its rows in the file at `path`; none where there is no file. Raises `state-unusable`. */
export function formerRows(path: string): Row[] {
  if (!existsSync(path)) return [];
  const database = openDatabase(path);
  try {
    const rows = database.prepare('SELECT kind, name, document FROM registry').all() as {
      kind: RowKind;
      name: string;
      document: string;
    }[];
    return rows.map(({ kind, name, document }) => ({
      kind,
      name,
      document: JSON.parse(document) as unknown,
    }));
  } catch (error) {
    throw unusable(path, error);
  } finally {
    closeDatabase(database);
  }
}
