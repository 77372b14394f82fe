/**
 * What unmodified AWS clients find at the control API: every operation of contract 8.2, on a
 * function of the client's own. An operation that is not served is refused by name.
 */

import { describe } from '@jest/globals';
import type { Endpoint } from '../support/aws-clients/client.js';
import { CONTROL_CLIENTS } from '../support/aws-clients/clients.js';
import { ControlSubject } from '../support/aws-clients/control-subject.js';
import { describeDeletion, describeFunctions } from './control-functions.contract.js';
import { describeSettings } from './control-settings.contract.js';

/** `getEndpoint` is called in hooks and tests only. */
export function describeControlConformance(getEndpoint: () => Endpoint): void {
  describe.each(CONTROL_CLIENTS)('$name', (kind) => {
    const subject = new ControlSubject(kind, getEndpoint);
    describeFunctions(subject);
    if (!kind.processPerCall) describeSettings(subject);
    describeDeletion(subject);
  });
}
