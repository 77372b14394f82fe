/**
 * The credentials a function sees: dummies unless a profile of the user's is asked for by name.
 */

import type { Clock } from '../async/clock.js';
import { messageOf, OrchestratorError } from '../errors.js';
import type { RoleCredentials } from './variables.js';

const DUMMY: RoleCredentials = {
  accessKeyId: 'AKIAORCHESTRATOR0000',
  secretAccessKey: 'not-a-secret',
  sessionToken: 'not-a-token',
};

/** Raises `config-invalid` when the profile gives no credentials. */
export async function functionCredentials(profile: string | undefined): Promise<RoleCredentials> {
  if (profile === undefined) return DUMMY;
  const { fromIni } = await import('@aws-sdk/credential-provider-ini');
  try {
    const { accessKeyId, secretAccessKey, sessionToken } = await fromIni({ profile })();
    return {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    };
  } catch (error) {
    const message = `the AWS profile '${profile}' gives no credentials: ${messageOf(error)}`;
    throw new OrchestratorError('config-invalid', message, {
      remedy: 'Check ~/.aws/credentials and ~/.aws/config, or leave --aws-profile out.',
      cause: error,
    });
  }
}

const LIFE_MS = 6 * 3_600_000;

/** As they are handed out on request: good for some hours from then on. */
export function expiringCredentials(
  credentials: RoleCredentials,
  clock: Pick<Clock, 'now'>,
): () => RoleCredentials & { readonly expiresAtMs: number } {
  return () => ({ ...credentials, expiresAtMs: clock.now() + LIFE_MS });
}
