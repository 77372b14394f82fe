/** What the SDK clients of the services are made with. */

export interface ServiceClientConfig {
  readonly region: string;
  /** Absent: AWS itself. */
  readonly endpoint?: string;
  /** Absent: the SDK's own chain. */
  readonly credentials?: ServiceCredentials | (() => Promise<ServiceCredentials>);
  /** S3 clients: buckets in the path. */
  readonly forcePathStyle?: true;
  readonly maxAttempts?: number;
}

export interface ServiceCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}
