/** What optimised integrations add to the answer of a service. Pure. */

import type { JsonMap } from '../interpreter/json.js';

export function metadata(requestId: string, status = 200): JsonMap {
  return {
    SdkHttpMetadata: {
      AllHttpHeaders: { 'x-amzn-RequestId': [requestId] },
      HttpHeaders: { 'x-amzn-RequestId': requestId },
      HttpStatusCode: status,
    },
    SdkResponseMetadata: { RequestId: requestId },
  };
}
