/** Whether the services a run would use are there. */

import { readDocument } from '../config/document.js';
import { isMap } from '../config/map.js';
import { Problems } from '../config/problems.js';
import { findSource, readSource } from '../config/source.js';
import { probeEndpoint, reasonOf } from '../services/probe.js';
import type { Check, CheckContext, CheckResult } from './check.js';

export const servicesCheck: Check = {
  title: 'Services',
  async run(context) {
    const { args, host } = context.command;
    const setting = args.string('services') ?? writtenIn(host.cwd) ?? 'auto';
    if (setting === 'none') return { state: 'skipped', detail: 'turned off' };
    if (setting === 'aws') return { state: 'ok', detail: 'AWS itself' };
    return setting === 'auto' || setting === 'container' ? ours(context) : theirs(setting);
  },
};

async function ours(context: CheckContext): Promise<CheckResult> {
  let endpoint: string | undefined;
  try {
    endpoint = await (await context.engine()).services.find(context.stateDirectory);
  } catch {
    return { state: 'skipped', detail: 'our container, which needs the engine' };
  }
  const detail = endpoint === undefined ? 'started when something needs it' : `runs at ${endpoint}`;
  return { state: 'ok', detail: `our container; ${detail}` };
}

async function theirs(endpoint: string): Promise<CheckResult> {
  try {
    await probeEndpoint(endpoint);
    return { state: 'ok', detail: `${endpoint} answers` };
  } catch (error) {
    return {
      state: 'failed',
      detail: `${endpoint} does not answer: ${reasonOf(error)}`,
      remedy:
        'Start that server, correct `services` (--services), or leave it out for our container.',
    };
  }
}

/** What the project of a folder says; what is wrong with it otherwise, `up` tells. */
function writtenIn(folder: string): string | undefined {
  try {
    const document = readDocument(readSource(findSource(folder)), new Problems());
    const services = isMap(document) ? document['services'] : undefined;
    return typeof services === 'string' ? services : undefined;
  } catch {
    return undefined;
  }
}
