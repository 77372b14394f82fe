/** What an environment may ask about where it runs (contract 3.10), at the Runtime API's address. */

import { errorReply, type Reply } from './replies.js';
import type { Answer, Call } from './routes.js';

export const METADATA_PREFIX = '/2026-01-15/metadata/';
const EXECUTION_ENVIRONMENT = `${METADATA_PREFIX}execution-environment`;
/** Twelve hours, and it is the same all the time. */
const CACHED = 'Cache-Control: private, max-age=43200, immutable\r\n';

export interface Metadata {
  /** Proves that the caller is of the environment. */
  readonly token: string;
  readonly availabilityZoneId: string | undefined;
}

export function isMetadataCall({ path }: Pick<Call, 'path'>): boolean {
  return path.startsWith(METADATA_PREFIX);
}

export function serveMetadata(
  metadata: Metadata | undefined,
  call: Call,
  answer: Answer,
): undefined {
  answer.send(replyTo(metadata, call));
}

function replyTo(metadata: Metadata | undefined, call: Call): Reply {
  const { method, path } = call;
  if (path !== EXECUTION_ENVIRONMENT) {
    return errorReply(404, 'NotFound', `The metadata endpoint has no route ${method} ${path}`);
  }
  if (method !== 'GET') {
    const reply = errorReply(405, 'MethodNotAllowed', `${path} does not take ${method}`);
    return { ...reply, headers: 'Allow: GET\r\n' };
  }
  const shown = /^Bearer +(\S+) *$/i.exec(call.headers.get('authorization') ?? '')?.[1];
  if (metadata === undefined || shown !== metadata.token) {
    return errorReply(401, 'Unauthorized', 'The token of AWS_LAMBDA_METADATA_TOKEN is needed.');
  }
  const { availabilityZoneId } = metadata;
  if (availabilityZoneId === undefined) {
    return errorReply(500, 'InternalServerError', 'The availability zone is not known.');
  }
  const body = Buffer.from(JSON.stringify({ AvailabilityZoneID: availabilityZoneId }));
  return { status: 200, contentType: 'application/json', body, headers: CACHED };
}
