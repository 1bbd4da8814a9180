/** What one answer may cost before its body; past any of these it is `upstream_invalid_response`. */
export const RESPONSE_LIMITS = {
  /** Bytes of one head, its status line and the empty line included; each 1xx counts anew. */
  headBytes: 64 * 1024,
  headFields: 128,
  /** Interim answers (1xx) before the final one. */
  interimAnswers: 16,
} as const satisfies Record<string, number>;
