/**
 * Where the services are that event sources read from and results go to: a services container, an
 * endpoint of the user's, or AWS.
 */

export interface AwsServices {
  /**
   * What an AWS SDK client is made with. Resolves when the services answer; what the template
   * declares is there then. Raises user errors.
   */
  clientConfig(): Promise<ServiceClientConfig>;
}

export interface ServiceClientConfig {
  readonly region: string;
  /** Absent: AWS itself. */
  readonly endpoint?: string;
  /** Absent: the SDK's own chain. */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  /** S3 clients: buckets in the path. */
  readonly forcePathStyle?: true;
  readonly maxAttempts?: number;
}
