/** Limits of the Invoke API that no setting changes; the payload's is in `config/defaults.ts`. */

export const INVOKE_LIMITS = {
  /** Contract 8.6: a request that brings a package. */
  codeRequestBytes: 70_167_211,
  /** Of the other operations. */
  requestBytes: 6_291_456,
  /** What is still read, to be able to answer on the same connection, of a body that is too large. */
  discardedBytes: 64 * 1024 * 1024,
  /** Contract 4.3: of the encoded text. */
  clientContextBytes: 3583,
  /** Contract 8.3: request line and headers together. */
  headerBytes: 1024 * 1024,
  /** From the first byte of a request to the end of its headers. */
  headersMs: 30_000,
  /** From the first byte of a request to the end of its body; invocations may take longer. */
  requestMs: 120_000,
  /** Longer than the pools of AWS's clients keep a connection between two calls. */
  keepAliveMs: 75_000,
  /** Connections waiting to be accepted. */
  backlog: 4096,
  /** Contract 8.11. */
  functionsPerPage: 50,
  maxItems: 10_000,
  /** Contract 8.8. */
  totalCodeBytes: 80_530_636_800,
  unzippedCodeBytes: 262_144_000,
  zippedCodeBytes: 52_428_800,
} as const;
