/** `orchestrator.yaml` → function drafts. */

import type { FunctionDraft } from './function-draft.js';
import { isMap } from './map.js';
import type { Problems } from './problems.js';
import { PROJECT_KEYS } from './schema.js';

export function readProject(document: unknown, problems: Problems): FunctionDraft[] {
  if (!isMap(document)) {
    problems.add({
      path: 'the file',
      expected: 'a map with functions (orchestrator.yaml) or Resources (a template)',
      remedy: 'See docs/configuration.md for an example of each.',
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
  return Object.entries(functions).flatMap(([name, settings]) => {
    const path = `functions.${name}`;
    if (settings === null || isMap(settings)) {
      return [{ path, logicalId: name, name, settings: settings ?? {}, names: {} }];
    }
    problems.add({
      path,
      value: settings,
      expected: 'a map of settings, with runtime and handler at least',
      remedy: 'See docs/configuration.md for an example.',
    });
    return [];
  });
}
