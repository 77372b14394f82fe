/** `orchestrator.yaml` → function drafts. */

import type { FunctionDraft } from './function-draft.js';
import { isMap, map, type Map as Named } from './map.js';
import type { TemplateContext } from './template/context.js';
import { DECLARED_KEYS, EVENTS_KEY, PROJECT_KEYS } from './schema.js';

export async function readProject(
  document: unknown,
  context: TemplateContext,
): Promise<FunctionDraft[]> {
  const { problems } = context;
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
  if (functions === undefined) return withDeclared(document, [], context);
  if (!isMap(functions)) {
    problems.add({
      path: 'functions',
      value: functions,
      expected: 'a map from function names to their settings',
      remedy: 'See docs/configuration.md for an example.',
    });
    return [];
  }
  const drafts = Object.entries(functions).flatMap(([name, settings]) => {
    const path = `functions.${name}`;
    if (settings === null || isMap(settings)) {
      const { [EVENTS_KEY]: _, ...own } = settings ?? {};
      return [{ path, logicalId: name, name, settings: own, names: {} }];
    }
    problems.add({
      path,
      value: settings,
      expected: 'a map of settings, with runtime and handler at least',
      remedy: 'See docs/configuration.md for an example.',
    });
    return [];
  });
  return withDeclared(document, drafts, context);
}

/** With what the file declares besides settings, whose reading is loaded only where there is any. */
async function withDeclared(
  document: Named,
  drafts: FunctionDraft[],
  context: TemplateContext,
): Promise<FunctionDraft[]> {
  if (!declares(document, drafts)) return drafts;
  const { readDeclared } = await import('./project-template.js');
  return readDeclared(document, drafts, context);
}

function declares(document: Named, drafts: readonly FunctionDraft[]): boolean {
  const functions = map(document['functions']);
  return (
    DECLARED_KEYS.some((key) => document[key] !== undefined) ||
    Object.values(functions).some((settings) => map(settings)[EVENTS_KEY] !== undefined) ||
    // Variables that refer to something.
    drafts.some(({ settings }) => Object.values(map(settings['environment'])).some(isMap))
  );
}
