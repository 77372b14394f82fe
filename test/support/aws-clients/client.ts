/** What the conformance suite asks of each unmodified AWS client. */

export interface InvokeInput {
  readonly name: string;
  readonly payload?: Buffer;
  readonly type?: 'RequestResponse' | 'Event' | 'DryRun';
  readonly tail?: boolean;
  readonly clientContext?: object;
  readonly qualifier?: string;
}

export interface InvokeAnswer {
  readonly status: number;
  readonly payload: Buffer;
  readonly functionError?: string | undefined;
  readonly executedVersion?: string | undefined;
  /** Decoded. */
  readonly logTail?: string | undefined;
}

export interface FunctionFacts {
  readonly FunctionName: string;
  readonly FunctionArn: string;
  readonly Runtime: string;
  readonly State?: string;
  readonly LastModified: string;
}

/** Retries are off in all of them. Failures are rejections with a `ClientFailure`. */
export interface AwsLambdaClient {
  invoke(input: InvokeInput): Promise<InvokeAnswer>;
  /** All pages, asked for one function at a time. */
  listFunctions(): Promise<readonly FunctionFacts[]>;
  getFunction(name: string): Promise<FunctionFacts>;
  getFunctionConfiguration(name: string): Promise<FunctionFacts>;
  close(): void;
}

export interface ClientKind {
  /** With its version. */
  readonly name: string;
  open(endpoint: Endpoint): AwsLambdaClient;
}

export interface Endpoint {
  readonly url: string;
  readonly region: string;
  readonly accountId: string;
}

export class ClientFailure extends Error {
  /** The exception as the client names it. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export function clientContextHeader(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64');
}

export function decodeTail(encoded: string | undefined): string | undefined {
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString();
}

export function environmentOf(endpoint: Endpoint): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_DEFAULT_REGION: endpoint.region,
    AWS_ENDPOINT_URL: endpoint.url,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
    AWS_PAGER: '',
    PYTHONWARNINGS: 'ignore',
  };
}
