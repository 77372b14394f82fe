/** Every client the conformance suites drive. */

import { boto3Of } from './boto3.js';
import { cliOf } from './cli.js';
import type { ClientKind } from './client.js';
import { SDK } from './sdk.js';

/** Debian bookworm's know nothing of response streaming; forky's are close to what AWS has today. */
export const CLIENTS: readonly ClientKind[] = [
  SDK,
  cliOf('bookworm'),
  boto3Of('bookworm'),
  cliOf('forky'),
  boto3Of('forky'),
];

/** Those that make every call of the control API: one process for each call takes too long twice. */
export const CONTROL_CLIENTS = CLIENTS.filter(({ name }) => name !== 'AWS CLI of Debian bookworm');
