/** IoT rules, Alexa and Lex. */

import type { IoTPreProvisioningHookEvent, LexV2Event } from 'aws-lambda';
import { plain } from './codecs.js';
import type { Maker } from './maker.js';
import type { SampleSource } from './sample.js';

export const iot: SampleSource = {
  name: 'iot',
  about: 'IoT Core: a message of a device',
  kinds: {
    rule: {
      about: 'what a rule’s SELECT gives',
      make: (maker) => ({ device: 'thermometer-1', temperature: 21.5, timestamp: maker.nowMs }),
      free: ['*'],
    },
    button: {
      about: 'a one-click button',
      make: (maker) => ({
        serialNumber: `G030${maker.upper(12)}`,
        batteryVoltage: '1592mV',
        clickType: 'SINGLE',
      }),
    },
    provisioning: { about: 'may this device be set up?', make: provisioning },
  },
};

function provisioning(maker: Maker): IoTPreProvisioningHookEvent {
  return {
    claimCertificateId: maker.hex(64),
    certificateId: maker.hex(64),
    certificatePem: '-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n',
    templateArn: maker.arn('iot', 'provisioningtemplate/fleet'),
    clientId: maker.hex(32),
    parameters: { SerialNumber: 'sn-1', ThingLocation: 'Berlin' },
  };
}

export const alexa: SampleSource = {
  name: 'alexa',
  about: 'Alexa: a request to a skill',
  kinds: {
    intent: {
      about: 'a custom skill’s intent',
      make: (maker) =>
        skill(maker, {
          type: 'IntentRequest',
          intent: {
            name: 'OrderStatus',
            confirmationStatus: 'NONE',
            slots: { Order: { name: 'Order', value: '7', confirmationStatus: 'NONE' } },
          },
          dialogState: 'COMPLETED',
        }),
      fields: [{ name: 'intent', at: 'request.intent.name', codec: plain }],
      free: ['request.intent.slots', 'session.attributes'],
    },
    launch: {
      about: 'a custom skill is opened',
      make: (maker) => skill(maker, { type: 'LaunchRequest' }),
    },
    'smart-home': { about: 'a smart home directive', make: smartHome, free: ['directive.payload'] },
  },
};

function skill(maker: Maker, request: Record<string, unknown>) {
  const application = { applicationId: `amzn1.ask.skill.${maker.uuid()}` };
  const user = { userId: `amzn1.ask.account.${maker.upper(52)}` };
  return {
    version: '1.0',
    session: {
      new: true,
      sessionId: `amzn1.echo-api.session.${maker.uuid()}`,
      application,
      attributes: {},
      user,
    },
    context: {
      System: {
        application,
        user,
        device: {
          deviceId: `amzn1.ask.device.${maker.upper(52)}`,
          supportedInterfaces: {},
        },
        apiEndpoint: 'https://api.amazonalexa.com',
        apiAccessToken: maker.base64(64),
      },
    },
    request: {
      requestId: `amzn1.echo-api.request.${maker.uuid()}`,
      timestamp: maker.isoSeconds(),
      locale: 'en-US',
      ...request,
    },
  };
}

function smartHome(maker: Maker) {
  return {
    directive: {
      header: {
        namespace: 'Alexa.PowerController',
        name: 'TurnOn',
        payloadVersion: '3',
        messageId: maker.uuid(),
        correlationToken: maker.base64(64),
      },
      endpoint: {
        scope: { type: 'BearerToken', token: maker.base64(64) },
        endpointId: 'lamp-1',
        cookie: {},
      },
      payload: {},
    },
  };
}

export const lex: SampleSource = {
  name: 'lex',
  about: 'Lex: a turn of a conversation',
  kinds: {
    fulfillment: {
      about: 'V2, the intent is to be fulfilled',
      make: (maker) => turn(maker, 'FulfillmentCodeHook'),
      free: ['sessionState.sessionAttributes', 'requestAttributes'],
    },
    dialog: {
      about: 'V2, the next question is to be found',
      make: (maker) => turn(maker, 'DialogCodeHook'),
      free: ['sessionState.sessionAttributes', 'requestAttributes'],
    },
  },
};

function turn(
  maker: Maker,
  invocationSource: 'FulfillmentCodeHook' | 'DialogCodeHook',
): LexV2Event {
  const intent = {
    name: 'OrderFlowers',
    state: invocationSource === 'FulfillmentCodeHook' ? 'ReadyForFulfillment' : 'InProgress',
    confirmationState: 'None',
    slots: {
      FlowerType: {
        shape: 'Scalar',
        value: { originalValue: 'roses', interpretedValue: 'roses', resolvedValues: ['roses'] },
      },
    },
  } as const;
  const own = {
    ...intent,
    slots: {
      FlowerType: {
        shape: 'Scalar' as const,
        value: { ...intent.slots.FlowerType.value, resolvedValues: ['roses'] },
      },
    },
  };
  return {
    messageVersion: '1.0',
    invocationSource,
    inputMode: 'Text',
    responseContentType: 'text/plain; charset=utf-8',
    sessionId: maker.digits(15),
    inputTranscript: 'I would like some roses',
    bot: {
      id: maker.upper(10),
      name: 'Flowers',
      aliasId: maker.upper(10),
      aliasName: 'live',
      localeId: 'en_US',
      version: '1',
    },
    interpretations: [{ intent: own, nluConfidence: 0.97 }],
    proposedNextState: { dialogAction: { type: 'Delegate' }, intent: own },
    requestAttributes: {},
    sessionState: {
      activeContexts: [],
      sessionAttributes: {},
      intent: own,
      originatingRequestId: maker.uuid(),
    },
    transcriptions: [
      {
        transcription: 'I would like some roses',
        transcriptionConfidence: 1,
        resolvedContext: { intent: 'OrderFlowers' },
        resolvedSlots: own.slots,
      },
    ],
  };
}
