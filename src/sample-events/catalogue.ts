/** Every source there is a sample event of, and making one. */

import { OrchestratorError } from '../errors.js';
import { alb } from './alb.js';
import { apiGateway, functionUrl } from './api-gateway.js';
import { authorizer } from './authorizer.js';
import { documentDb, kafka, mq } from './brokers.js';
import { alarm, logs } from './cloud-watch.js';
import { cognito } from './cognito.js';
import { alexa, iot, lex } from './devices.js';
import { eventBridge, scheduler } from './event-bridge.js';
import { Maker, type MakerOptions } from './maker.js';
import { cloudFormation, codePipeline, config, secrets, ses } from './operations.js';
import { s3 } from './s3.js';
import type { SampleKind, SampleSource } from './sample.js';
import { applySettings, type Nearest, type Setting } from './settings.js';
import { sns } from './sns.js';
import { sqs } from './sqs.js';
import { dynamodb, firehose, kinesis } from './streams.js';
import { webSocket } from './web-socket.js';
import { appSync, destination, stepFunctions } from './workflows.js';

export const SAMPLE_SOURCES: readonly SampleSource[] = [
  apiGateway,
  webSocket,
  authorizer,
  functionUrl,
  alb,
  s3,
  sns,
  sqs,
  kinesis,
  firehose,
  dynamodb,
  eventBridge,
  scheduler,
  logs,
  alarm,
  stepFunctions,
  cognito,
  kafka,
  mq,
  documentDb,
  destination,
  cloudFormation,
  codePipeline,
  config,
  secrets,
  ses,
  appSync,
  iot,
  alexa,
  lex,
];

export interface SampleRequest extends MakerOptions {
  readonly settings?: readonly Setting[];
  readonly nearest: Nearest;
}

/** Raises `config-invalid`. */
export function sampleEvent(kind: SampleKind, request: SampleRequest): unknown {
  const maker = new Maker(request);
  const event = kind.make(maker);
  if (!maker.counted) {
    throw new OrchestratorError('config-invalid', 'this event does not come as records', {
      remedy: 'Leave --count out.',
    });
  }
  applySettings(event, kind, request.settings ?? [], request.nearest);
  return event;
}
