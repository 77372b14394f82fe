/** What the conformance suites ask of each unmodified AWS client. */

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

/** Members of an operation's input or output by the names of AWS's model; blobs are `Bytes`. */
export type Members = Readonly<Record<string, unknown>>;

/** A blob among members, so that they can travel as JSON. */
export interface Bytes {
  readonly $bytes: string;
}

export function bytes(content: Uint8Array | string): Bytes {
  return { $bytes: Buffer.from(content).toString('base64') };
}

/** Retries are off in all of them. Failures are rejections with a `ClientFailure`. */
export interface AwsLambdaClient {
  /** With the version of the client. */
  readonly version: string;
  invoke(input: InvokeInput): Promise<InvokeAnswer>;
  /** All pages, asked for one function at a time. */
  listFunctions(): Promise<readonly FunctionFacts[]>;
  getFunction(name: string): Promise<FunctionFacts>;
  getFunctionConfiguration(name: string): Promise<FunctionFacts>;
  /** Whether the client knows the operation, such as `CreateAlias`. */
  knows(operation: string): boolean;
  /**
   * Any operation; what comes as a stream of events is their list. The client checks nothing before it sends; one that has
   * AWS's model at hand holds the answer to it and rejects when the answer does not fit.
   */
  call(operation: string, input: Members): Promise<Members>;
  close(): Promise<void>;
}

export interface ClientKind {
  readonly name: string;
  /** A call costs a process, about a second of one processor. */
  readonly processPerCall: boolean;
  open(endpoint: Endpoint): Promise<AwsLambdaClient>;
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

/** What a client in a container is told about the endpoint and its own behaviour. */
export function environmentOf(endpoint: Endpoint): Readonly<Record<string, string>> {
  return {
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
    LC_ALL: 'C.UTF-8',
  };
}
