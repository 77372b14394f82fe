/** TagResource, UntagResource, ListTags. */

import { invalid } from './failure.js';
import type { Answer, ControlRequest } from './operation.js';
import type { ControlParts } from './parts.js';
import { taggedMapping } from './mappings.js';
import { checkTags } from './tag-rules.js';
import { existing } from './target.js';

interface ResourceInput {
  readonly Resource: string;
}

export function tagResource({
  parts,
  input,
}: ControlRequest<ResourceInput & { readonly Tags: Readonly<Record<string, string>> }>): Answer {
  const mapping = taggedMapping(parts, input.Resource);
  if (mapping !== undefined) {
    const tags = { ...mapping.tags, ...input.Tags };
    checkTags(tags);
    parts.mappings.change({ ...mapping, tags });
    return {};
  }
  const name = taggedFunction(parts, input.Resource);
  const tags = { ...parts.registry.record(name).tags, ...input.Tags };
  checkTags(tags);
  parts.registry.change(name, (record) => {
    record.tags = tags;
  });
  return {};
}

export function untagResource({
  parts,
  input,
}: ControlRequest<ResourceInput & { readonly TagKeys: readonly string[] }>): Answer {
  const mapping = taggedMapping(parts, input.Resource);
  if (mapping !== undefined) {
    const left = Object.entries(mapping.tags).filter(([key]) => !input.TagKeys.includes(key));
    parts.mappings.change({ ...mapping, tags: Object.fromEntries(left) });
    return {};
  }
  const name = taggedFunction(parts, input.Resource);
  parts.registry.change(name, ({ tags }) => {
    for (const key of input.TagKeys) delete tags[key];
  });
  return {};
}

export function listTags({ parts, input }: ControlRequest<ResourceInput>): Answer {
  const mapping = taggedMapping(parts, input.Resource);
  if (mapping !== undefined) return { body: { Tags: mapping.tags } };
  return { body: { Tags: parts.registry.record(taggedFunction(parts, input.Resource)).tags } };
}

/** Tags are for functions and mappings; nothing else that could have them exists here. */
function taggedFunction(parts: ControlParts, arn: string): string {
  const { name, qualifier } = existing(parts, arn);
  if (qualifier !== undefined) {
    throw invalid(
      'Tags on function aliases and versions are not supported. Please specify a function ARN.',
    );
  }
  return name;
}
