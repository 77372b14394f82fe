/**
 * What only environments that initialise for SnapStart may call: to wait for their restore, to
 * report that it failed, and to get credentials that are no older than the restore (contract 1.1,
 * 1.5).
 */

import type { Channel, RestorePoll } from '../environment/channel.js';
import type { RoleCredentials } from '../function/variables.js';
import { errorReply, verdictReply, type Reply } from './replies.js';
import { initErrorBody, type Answer, type Call } from './routes.js';

/** The role's credentials as an environment gets them now, with the moment they expire. */
export type CredentialsSource = () => RoleCredentials & { readonly expiresAtMs: number };

export const CREDENTIALS_PATH = '/2021-04-23/credentials';
const ERROR_TYPE = 'lambda-runtime-function-error-type';
const RESTORE = '/2018-06-01/runtime/restore/';

/** Undefined for what is no call of SnapStart's; `onLost` where the call stays open. */
export function serveSnapStart(
  channel: Channel,
  call: Call,
  answer: Answer,
  credentials: CredentialsSource | undefined,
): { readonly onLost?: () => void } | undefined {
  if (channel.snapStart === undefined) return undefined;
  const route = `${call.method} ${call.path}`;
  switch (route) {
    case `GET ${CREDENTIALS_PATH}`: {
      const known = call.headers.get('authorization') === channel.snapStart.credentialsToken;
      answer.send(
        known && credentials !== undefined ? credentialsReply(credentials) : UNKNOWN_TOKEN,
      );
      return {};
    }
    case `GET ${RESTORE}next`:
      return restoreNext(channel, answer);
    case `POST ${RESTORE}error`: {
      const { phase } = channel;
      const { payload, contentType } = initErrorBody(call);
      const errorType = call.headers.get(ERROR_TYPE);
      const verdict = channel.restoreError(payload, contentType, errorType);
      answer.send(verdictReply(verdict, phase, 'RuntimeRestoreErrorState'));
      return {};
    }
    default:
      return undefined;
  }
}

function restoreNext(channel: Channel, answer: Answer): { readonly onLost?: () => void } {
  const poll: RestorePoll = {
    restored: () => answer.send(RESTORED),
    get lost() {
      return answer.lost;
    },
  };
  const { phase } = channel;
  const verdict = channel.restoreNext(poll);
  if (verdict === 'accepted') return { onLost: () => channel.loseRestore(poll) };
  answer.send(verdictReply(verdict, phase, 'RestoreReady'));
  return {};
}

const RESTORED: Reply = { status: 200, contentType: 'application/json', body: Buffer.alloc(0) };

const UNKNOWN_TOKEN = errorReply(404, 'NotFound', 'There are no credentials for this token.');

function credentialsReply(source: CredentialsSource): Reply {
  const { accessKeyId, secretAccessKey, sessionToken = '', expiresAtMs } = source();
  const body = {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken,
    Expiration: new Date(expiresAtMs).toISOString(),
  };
  return { status: 200, contentType: 'application/json', body: Buffer.from(JSON.stringify(body)) };
}
