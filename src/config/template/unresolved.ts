/**
 * Resolves the properties of a template and remembers what could not be: told at the end, where
 * whoever reads the property has not said more about it.
 */

import type { TemplateContext } from './context.js';
import { resolveTelling, type Finding, type Scope } from './intrinsics.js';

export class Unresolved {
  readonly #context: Pick<TemplateContext, 'notices' | 'problems'>;
  readonly #found: Finding[] = [];

  constructor(context: Pick<TemplateContext, 'notices' | 'problems'>) {
    this.#context = context;
  }

  resolve(value: unknown, scope: Scope, path: string): unknown {
    return resolveTelling(value, scope, path, (finding) => this.#found.push(finding));
  }

  tell(): void {
    const { notices, problems } = this.#context;
    const told = new Set([...notices, ...problems.list].map(({ path }) => path));
    for (const { path, what, fault } of this.#found) {
      const key = fault === undefined ? path : `${path} ${what}`;
      if (told.has(key)) continue;
      told.add(key);
      if (fault === undefined) {
        const reason = `its value cannot be known here (${what})`;
        notices.push({ path, treatment: 'approximated', reason });
      } else {
        const remedy = 'Correct it, as CloudFormation refuses it too.';
        problems.add({ path, expected: `a value from ${what}; ${fault}`, remedy });
      }
    }
  }
}
