/** What kind of project a document is: each is read by code that is loaded for it. */

import { basename } from 'node:path';
import { MANIFEST } from './cdk/names.js';
import { isMap, map } from './map.js';

/** SAM's or CloudFormation's. */
export function isTemplate(document: unknown): boolean {
  return 'Resources' in map(document);
}

/** Of the Serverless Framework. */
export function isService(document: unknown): boolean {
  return isMap(document) && 'service' in document && 'provider' in document;
}

/** Of what `cdk synth` makes. */
export function isManifest(file: string, document: unknown): boolean {
  return basename(file) === MANIFEST && isMap(document) && isMap(document['artifacts']);
}
