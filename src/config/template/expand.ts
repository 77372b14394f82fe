/**
 * A template as CloudFormation has it before it looks at resources: files included, loops written
 * out, nested stacks laid into it.
 */

import { dirname } from 'node:path';
import { isSynthesized, withAssets } from '../cdk/template.js';
import { map, type Map } from '../map.js';
import type { TemplateContext } from './context.js';
import { expandLoops } from './for-each.js';
import { withIncludes } from './include.js';
import { withNestedStacks, type Expanded, type NestedPlace } from './nested.js';
import { baseScope } from './scope.js';

export function expand(document: unknown, context: TemplateContext): Expanded {
  const { source, parameters } = context;
  return prepare(map(document), { file: source, parameters, depth: 0 }, context);
}

function prepare(written: Map, place: NestedPlace, context: TemplateContext): Expanded {
  const directory = dirname(place.file);
  const document = isSynthesized(written) ? withAssets(written, place.file) : written;
  const scope = baseScope(document, place.parameters, context);
  const included = withIncludes(document, context, { scope, directory });
  const template = expandLoops(included, { problems: context.problems, scope });
  return withNestedStacks(template, {
    context,
    directory,
    // Loops may have made conditions.
    scope: baseScope(template, place.parameters, context),
    depth: place.depth,
    prepare: (nested, where) => prepare(nested, where, context),
  });
}
