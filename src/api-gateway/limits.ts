/** Limits of API Gateway that no setting changes (contract 11.1, 11.2). */

export const API_LIMITS = {
  bodyBytes: 10 * 1024 * 1024,
  /** Request line and headers. */
  headBytes: 10_240,
} as const;
