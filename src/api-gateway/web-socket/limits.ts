/** Quotas of WebSocket APIs, as API Gateway documents them. */
export const WEB_SOCKET_LIMITS = {
  /** Of a message, both ways. */
  messageBytes: 128 * 1024,
  /** Of one frame; a larger message comes in several. */
  frameBytes: 32 * 1024,
  idleMs: 10 * 60_000,
  durationMs: 2 * 60 * 60_000,
  /** Of an integration: default and most. */
  timeoutMs: { min: 50, max: 29_000 },
  authorizerMs: 29_000,
} as const;
