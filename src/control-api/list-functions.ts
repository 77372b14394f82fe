/** ListFunctions. */

import { functionArn } from '../function/arn.js';
import { LATEST } from '../registry/records.js';
import { latestOf, summaryOf } from './configuration.js';
import type { Answer, ControlRequest } from './operation.js';
import { pageOf, type PageInput } from './paging.js';

interface ListInput extends PageInput {
  readonly FunctionVersion?: 'ALL';
}

const PAGE = 50;

export function listFunctions({ parts, input }: ControlRequest<ListInput>): Answer {
  const { registry, region, accountId } = parts;
  const everything = registry.names().flatMap((name) => {
    const latest = latestOf(parts, name);
    if (latest === undefined) return [];
    if (input.FunctionVersion !== 'ALL') return [{ key: name, name, resolved: latest }];
    const arn = (version: string): string =>
      functionArn({ region, accountId, name, qualifier: version });
    const versions = registry.record(name).versions.map((revision) => ({
      key: `${name}:${revision.version.padStart(12, '0')}`,
      name,
      resolved: { revision, version: revision.version, arn: arn(revision.version) },
    }));
    return [{ key: name, name, resolved: { ...latest, arn: arn(LATEST) } }, ...versions];
  });
  const { page, next } = pageOf(everything, input, PAGE);
  return {
    body: {
      Functions: page.map(({ name, resolved }) => summaryOf(parts, name, resolved)),
      ...next,
    },
  };
}
