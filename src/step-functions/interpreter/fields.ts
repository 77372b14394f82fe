/** The fields each type of state may have (contract 11.16). */

import type { QueryLanguage } from './machine.js';

export const COMMON_FIELDS = [
  'Type',
  'Comment',
  'QueryLanguage',
  'InputPath',
  'OutputPath',
  'Assign',
];

export const FIELDS: Readonly<
  Record<string, { readonly required?: readonly string[]; readonly optional?: readonly string[] }>
> = {
  Task: {
    required: ['Resource'],
    optional: [
      'Next',
      'End',
      'Parameters',
      'Arguments',
      'ResultSelector',
      'ResultPath',
      'Output',
      'Retry',
      'Catch',
      'TimeoutSeconds',
      'TimeoutSecondsPath',
      'HeartbeatSeconds',
      'HeartbeatSecondsPath',
      'Credentials',
    ],
  },
  Choice: { required: ['Choices'], optional: ['Default', 'Output'] },
  Parallel: {
    required: ['Branches'],
    optional: [
      'Next',
      'End',
      'Parameters',
      'Arguments',
      'ResultSelector',
      'ResultPath',
      'Output',
      'Retry',
      'Catch',
    ],
  },
  Map: {
    optional: [
      'Next',
      'End',
      'ItemProcessor',
      'Iterator',
      'ItemsPath',
      'Items',
      'ItemSelector',
      'Parameters',
      'ItemReader',
      'ItemBatcher',
      'ResultWriter',
      'Label',
      'MaxConcurrency',
      'MaxConcurrencyPath',
      'ToleratedFailureCount',
      'ToleratedFailureCountPath',
      'ToleratedFailurePercentage',
      'ToleratedFailurePercentagePath',
      'ResultSelector',
      'ResultPath',
      'Output',
      'Retry',
      'Catch',
    ],
  },
  Pass: { optional: ['Next', 'End', 'Result', 'Parameters', 'ResultPath', 'Output'] },
  Wait: {
    optional: ['Next', 'End', 'Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath', 'Output'],
  },
  Succeed: { optional: ['Output'] },
  Fail: { optional: ['Error', 'ErrorPath', 'Cause', 'CausePath'] },
};

/** Fields that states in one language have and those in the other have not. */
export const LANGUAGE_FIELDS: Readonly<Record<QueryLanguage, readonly string[]>> = {
  JSONPath: [
    'InputPath',
    'OutputPath',
    'ResultPath',
    'Parameters',
    'ResultSelector',
    'Result',
    'ItemsPath',
    'SecondsPath',
    'TimestampPath',
    'TimeoutSecondsPath',
    'HeartbeatSecondsPath',
    'MaxConcurrencyPath',
    'ToleratedFailureCountPath',
    'ToleratedFailurePercentagePath',
    'ErrorPath',
    'CausePath',
  ],
  JSONata: ['Arguments', 'Output', 'Items'],
};

/** Of which at most one, or exactly one, may be there. */
export const ONE_OF: Readonly<
  Record<string, readonly { readonly fields: readonly string[]; readonly needed: boolean }[]>
> = {
  Wait: [{ fields: ['Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'], needed: true }],
  Map: [
    { fields: ['ItemProcessor', 'Iterator'], needed: true },
    { fields: ['ItemSelector', 'Parameters'], needed: false },
  ],
  Task: [
    { fields: ['TimeoutSeconds', 'TimeoutSecondsPath'], needed: false },
    { fields: ['HeartbeatSeconds', 'HeartbeatSecondsPath'], needed: false },
  ],
  Fail: [
    { fields: ['Error', 'ErrorPath'], needed: false },
    { fields: ['Cause', 'CausePath'], needed: false },
  ],
};
