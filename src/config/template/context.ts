/** What reading a template is given, and where it puts what it has to say. */

import type { SettingNotice } from '../config.js';
import type { FunctionPermissions } from '../../stack/permissions.js';
import type { StackDraft } from '../../stack/stack.js';
import type { Problems } from '../problems.js';

/** What names and conditions of a template may depend on. */
export interface ScopeContext {
  readonly region: string;
  readonly accountId: string;
  /** Overrides of parameters. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly problems: Problems;
  /** Where the value of a parameter was given. */
  placeOfParameter(name: string): string;
}

export interface TemplateContext extends ScopeContext {
  readonly notices: SettingNotice[];
  /** Absolute path of the template. */
  readonly source: string;
  /** Takes the paths of other files that it is made of. */
  readonly files: string[];
  /** What relative paths are relative to. */
  readonly directory: string;
  /** Takes what the template declares besides functions. */
  readonly stack: StackDraft;
  /** Takes what the roles of functions would allow. */
  readonly permissions: FunctionPermissions[];
  /** Keeps inline code as a folder and gives its path. */
  materialise(logicalId: string, fileName: string, code: string): string;
}
