/** Triggers of Cognito user pools (contract 11.14): one kind for each trigger source. */

import type { Maker } from './maker.js';
import type { SampleKind, SampleSource } from './sample.js';

interface Trigger {
  readonly about: string;
  /** What follows the underscore in `triggerSource`. */
  readonly sources: readonly string[];
  readonly request: (maker: Maker) => Readonly<Record<string, unknown>>;
  readonly response: Readonly<Record<string, unknown>>;
  readonly version?: string;
}

const GROUPS = { groupsToOverride: [], iamRolesToOverride: [], preferredRole: '' };
const SESSION = [{ challengeName: 'SRP_A', challengeResult: true }];
const CODE = { codeParameter: '{####}', linkParameter: '{##Click Here##}' };
const TOKEN_SOURCES = [
  'HostedAuth',
  'Authentication',
  'NewPasswordChallenge',
  'AuthenticateDevice',
  'RefreshTokens',
];
const SENDER_SOURCES = [
  'SignUp',
  'ResendCode',
  'ForgotPassword',
  'UpdateUserAttribute',
  'VerifyUserAttribute',
  'AdminCreateUser',
  'Authentication',
];

const TRIGGERS: Readonly<Record<string, Trigger>> = {
  PreSignUp: {
    about: 'may this user sign up?',
    sources: ['SignUp', 'AdminCreateUser', 'ExternalProvider'],
    request: (maker) => ({ userAttributes: user(maker), validationData: {}, clientMetadata: {} }),
    response: { autoConfirmUser: false, autoVerifyEmail: false, autoVerifyPhone: false },
  },
  PostConfirmation: {
    about: 'a user is confirmed',
    sources: ['ConfirmSignUp', 'ConfirmForgotPassword'],
    request: (maker) => ({ userAttributes: user(maker), clientMetadata: {} }),
    response: {},
  },
  PreAuthentication: {
    about: 'may this user sign in?',
    sources: ['Authentication'],
    request: (maker) => ({ userAttributes: user(maker), validationData: {}, userNotFound: false }),
    response: {},
  },
  PostAuthentication: {
    about: 'a user has signed in',
    sources: ['Authentication'],
    request: (maker) => ({ userAttributes: user(maker), newDeviceUsed: false, clientMetadata: {} }),
    response: {},
  },
  DefineAuthChallenge: {
    about: 'which challenge is next?',
    sources: ['Authentication'],
    request: (maker) => ({ userAttributes: user(maker), session: SESSION, userNotFound: false }),
    response: { challengeName: '', issueTokens: false, failAuthentication: false },
  },
  CreateAuthChallenge: {
    about: 'make a challenge',
    sources: ['Authentication'],
    request: (maker) => ({
      userAttributes: user(maker),
      challengeName: 'CUSTOM_CHALLENGE',
      session: SESSION,
      userNotFound: false,
    }),
    response: {
      publicChallengeParameters: {},
      privateChallengeParameters: {},
      challengeMetadata: '',
    },
  },
  VerifyAuthChallengeResponse: {
    about: 'is this answer right?',
    sources: ['Authentication'],
    request: (maker) => ({
      userAttributes: user(maker),
      privateChallengeParameters: { answer: '4711' },
      challengeAnswer: '4711',
      userNotFound: false,
    }),
    response: { answerCorrect: false },
  },
  TokenGeneration: {
    about: 'what stands in the tokens?',
    sources: TOKEN_SOURCES,
    request: (maker) => ({
      userAttributes: user(maker),
      groupConfiguration: GROUPS,
      clientMetadata: {},
    }),
    response: { claimsOverrideDetails: {} },
  },
  UserMigration: {
    about: 'does another directory know this user?',
    sources: ['Authentication', 'ForgotPassword'],
    request: () => ({ password: 'correct horse', validationData: {}, clientMetadata: {} }),
    response: {
      userAttributes: {},
      finalUserStatus: 'CONFIRMED',
      messageAction: 'SUPPRESS',
      desiredDeliveryMediums: [],
      forceAliasCreation: false,
      enableSMSMFA: false,
    },
  },
  CustomMessage: {
    about: 'what does this message say?',
    sources: [
      'SignUp',
      'AdminCreateUser',
      'ResendCode',
      'ForgotPassword',
      'UpdateUserAttribute',
      'VerifyUserAttribute',
      'Authentication',
    ],
    request: (maker) => ({
      userAttributes: user(maker),
      ...CODE,
      usernameParameter: '{username}',
      clientMetadata: {},
    }),
    response: { smsMessage: null, emailMessage: null, emailSubject: null },
  },
  CustomEmailSender: {
    about: 'send this code by e-mail',
    sources: SENDER_SOURCES,
    request: (maker) => sender(maker, 'customEmailSenderRequestV1'),
    response: {},
  },
  CustomSMSSender: {
    about: 'send this code by SMS',
    sources: SENDER_SOURCES,
    request: (maker) => sender(maker, 'customSMSSenderRequestV1'),
    response: {},
  },
};

/** Newer forms of what stands in tokens, as user pools are set to send them. */
const TOKENS_V2: Trigger = {
  about: 'what stands in the tokens? (V2_0)',
  version: '2',
  sources: TOKEN_SOURCES,
  request: (maker) => ({
    ...TRIGGERS['TokenGeneration']?.request(maker),
    scopes: ['openid', 'email'],
  }),
  response: { claimsAndScopeOverrideDetails: {} },
};
const TOKENS_V3: Trigger = { ...TOKENS_V2, version: '3', sources: ['ClientCredentials'] };

const FREE = ['request.clientMetadata', 'request.validationData', 'request.userAttributes'];

export const cognito: SampleSource = {
  name: 'cognito',
  about: 'Cognito: a trigger of a user pool; kinds are its triggerSource',
  kinds: {
    ...Object.fromEntries(
      Object.entries(TRIGGERS).flatMap(([name, trigger]) => kindsOf(name, trigger)),
    ),
    ...Object.fromEntries(kindsOf('TokenGeneration', TOKENS_V2, '-v2')),
    ...Object.fromEntries(kindsOf('TokenGeneration', TOKENS_V3)),
  },
};

function kindsOf(name: string, trigger: Trigger, ending = ''): [string, SampleKind][] {
  return trigger.sources.map((source) => {
    const triggerSource = `${name}_${source}`;
    const make = (maker: Maker): object => eventOf(maker, triggerSource, trigger);
    return [`${triggerSource}${ending}`, { about: trigger.about, make, free: FREE }];
  });
}

function eventOf(maker: Maker, triggerSource: string, trigger: Trigger): object {
  const { request, response, version = '1' } = trigger;
  return {
    version,
    region: maker.region,
    userPoolId: `${maker.region}_${maker.base64(9).replace(/[+/]/g, 'x')}`,
    userName: 'alice',
    callerContext: {
      awsSdkVersion: 'aws-sdk-js-3.0.0',
      clientId: maker.id(26),
    },
    triggerSource,
    request: request(maker),
    response: structuredClone(response),
  };
}

function user(maker: Maker): Record<string, string> {
  return { sub: maker.uuid(), email: 'alice@example.com', email_verified: 'true' };
}

/** The code is encrypted with a key of the user pool on AWS. */
function sender(maker: Maker, type: string): Record<string, unknown> {
  return {
    type,
    code: `${maker.base64(86)}==`,
    userAttributes: user(maker),
    clientMetadata: {},
  };
}
