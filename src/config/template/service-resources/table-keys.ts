/** Keys of tables and their indexes, held against each other as DynamoDB does. */

import type { Properties } from '../properties.js';

interface Key {
  readonly AttributeName: string;
  readonly KeyType: string;
}

interface Attribute {
  readonly AttributeName: string;
  readonly AttributeType: string;
}

interface Keys {
  readonly attributes: readonly Attribute[];
  readonly schema: readonly Key[];
}

export interface Index {
  readonly own: Properties;
  readonly IndexName: string;
  readonly KeySchema: readonly { AttributeName: string; KeyType: string }[];
  readonly Projection: object;
  readonly ProvisionedThroughput?: object;
}

interface TableKeys extends Keys {
  readonly indexes: { readonly local: readonly Index[]; readonly global: readonly Index[] };
}

/** What `KeySchema` and, of tables, `AttributeDefinitions` say. */
export function keysOf(own: Properties, ofTable = true): Keys {
  const schema = own.maps('KeySchema').map((key) => ({
    AttributeName: key.text('AttributeName') ?? '',
    KeyType: key.oneOf('KeyType', ['HASH', 'RANGE']) ?? '',
  }));
  if (!own.has('KeySchema'))
    own.missing('KeySchema', 'a HASH key, and a RANGE key if there is one');
  const kinds = schema.map(({ KeyType }) => KeyType).join();
  if (own.has('KeySchema') && !['HASH', 'HASH,RANGE'].includes(kinds)) {
    own.refuse('KeySchema', 'one HASH key, then at most one RANGE key', 'Change the key types.');
  }
  const attributes = ofTable
    ? own.maps('AttributeDefinitions').map((attribute) => ({
        AttributeName: attribute.text('AttributeName') ?? '',
        AttributeType: attribute.oneOf('AttributeType', ['S', 'N', 'B']) ?? '',
      }))
    : [];
  return { attributes, schema };
}

export function checkKeys(own: Properties, { attributes, schema, indexes }: TableKeys): void {
  const defined = new Set(attributes.map(({ AttributeName }) => AttributeName));
  const used = new Set<string>();
  const all = [...indexes.local, ...indexes.global];
  const schemas = [{ own, KeySchema: schema }, ...all];
  for (const { own: at, KeySchema: keys } of schemas) {
    for (const [index, { AttributeName: name }] of keys.entries()) {
      used.add(name);
      if (defined.has(name) || name === '') continue;
      const remedy = 'Add it to AttributeDefinitions, or correct the name.';
      const expected = `one of AttributeDefinitions (${[...defined].join(', ') || 'there is none'})`;
      at.refuse(`KeySchema.${index}.AttributeName`, expected, remedy, name);
    }
  }
  for (const [index, { AttributeName: name }] of attributes.entries()) {
    if (used.has(name) || name === '') continue;
    const expected = 'an attribute that is a key of the table or of an index';
    own.refuse(`AttributeDefinitions.${index}`, expected, 'Remove it: others need no type.', name);
  }
  const [hash] = schema;
  for (const { own: at, KeySchema: keys } of indexes.local) {
    if (keys.length === 2 && keys[0]?.AttributeName === hash?.AttributeName) continue;
    const expected = 'the HASH key of the table and a RANGE key of its own';
    at.refuse('KeySchema', expected, 'Change the keys, or make the index a global one.');
  }
}
