/** What is known of a version before it is made. */

import { functionArn } from '../function/arn.js';
import type { FunctionDefinition, FunctionVersion } from '../function/function-version.js';

export interface Account {
  readonly region: string;
  readonly accountId: string;
}

/** What a version has of its definition and of whose it is. */
export function identityOf(definition: FunctionDefinition, { region, accountId }: Account) {
  return {
    ...definition,
    version: definition.publishedVersion ?? '$LATEST',
    functionArn: functionArn({ region, accountId, name: definition.name }),
  };
}

/** A version as clients may read about it while it is being made; nothing can run it. */
export function describeUnbuilt(
  definition: FunctionDefinition,
  { nowMs, ...account }: Account & { readonly nowMs: number },
): FunctionVersion {
  return {
    ...identityOf(definition, account),
    key: '',
    codeSha256: '',
    codeSize: 0,
    modifiedAtMs: nowMs,
    taskDirectory: '',
    imageReference: '',
  };
}
