/**
 * The credentials a function sees: dummies unless a profile of the user's is asked for by name.
 */

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
