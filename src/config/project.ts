/** `orchestrator.yaml` → function drafts. */

import type { FunctionDraft } from './draft.js';
import type { Problems } from './problems.js';
import { PROJECT_KEYS } from './schema.js';

export function readProject(document: unknown, problems: Problems): FunctionDraft[] {
  if (!isMap(document)) {
    problems.add({
      path: 'the file',
      expected: 'a map with a key functions',
      remedy: 'See docs/configuration.md for an example.',
    });
    return [];
  }
  for (const key of Object.keys(document)) {
    if (!PROJECT_KEYS.includes(key)) problems.addUnknownKey('', key, PROJECT_KEYS);
  }
  const functions = document['functions'];
  if (functions === undefined) return [];
  if (!isMap(functions)) {
    problems.add({
      path: 'functions',
      value: functions,
      expected: 'a map from function names to their settings',
      remedy: 'See docs/configuration.md for an example.',
    });
    return [];
  }
  return Object.entries(functions).map(([name, settings]) => ({
    path: `functions.${name}`,
    logicalId: name,
    name,
    settings: isMap(settings) ? settings : {},
    names: {},
  }));
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
