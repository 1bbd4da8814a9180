/**
 * Every way a request can be refused. The code is stable and part of the protocol (docs/protocol.md,
 * "Refusals"); the title is its fixed human name; `retry` says whether the same request can succeed later.
 */
export const REFUSALS = {
  bad_request: { status: 400, title: 'Malformed request', retry: false },
  missing_parameter: { status: 400, title: 'A parameter is missing', retry: false },
  duplicate_parameter: { status: 400, title: 'A parameter is given twice', retry: false },
  invalid_parameter: { status: 400, title: 'A parameter is invalid', retry: false },
  unknown_parameter: { status: 400, title: 'A signed parameter is not known here', retry: false },
  unsupported_algorithm: { status: 400, title: 'The signing algorithm is not supported', retry: false },
  expired: { status: 400, title: 'The signed URL has expired', retry: false },
  not_yet_valid: { status: 400, title: 'The signed URL is not valid yet', retry: true },
  expiry_too_long: { status: 400, title: 'The signed URL is valid for too long', retry: false },
  missing_signed_header: { status: 400, title: 'A signed header is missing', retry: false },
  signature_mismatch: { status: 400, title: 'The signature does not match', retry: false },
  extension_required: { status: 400, title: 'A required extension is missing', retry: false },
  path_not_allowed: { status: 400, title: 'The path is not allowed', retry: false },
  unknown_app: { status: 401, title: 'The app is not known', retry: false },
  upstream_not_allowed: { status: 403, title: 'The upstream is not allowed', retry: false },
  already_used: { status: 403, title: 'The signed URL has been used', retry: false },
  origin_not_allowed: { status: 403, title: 'The origin is not allowed', retry: false },
  revoked: { status: 403, title: 'Access has been revoked', retry: false },
  not_found: { status: 404, title: 'Nothing is served at this path', retry: false },
  method_not_allowed: { status: 405, title: 'The method is not allowed', retry: false },
  request_timeout: { status: 408, title: 'The request took too long to arrive', retry: true },
  length_required: { status: 411, title: 'A signed body needs a Content-Length', retry: false },
  body_too_large: { status: 413, title: 'The body is too large', retry: false },
  url_too_long: { status: 414, title: 'The URL is too long', retry: false },
  body_not_allowed: { status: 422, title: 'The body is not allowed', retry: false },
  rate_limited: { status: 429, title: 'Too many requests', retry: true },
  too_many_streams: { status: 429, title: 'Too many concurrent streams', retry: true },
  budget_exhausted: { status: 429, title: 'The budget is exhausted', retry: true },
  headers_too_large: { status: 431, title: 'The headers are too large', retry: false },
  upstream_unreachable: { status: 502, title: 'The upstream cannot be reached', retry: true },
  upstream_invalid_response: { status: 502, title: 'The upstream sent an invalid answer', retry: true },
  overloaded: { status: 503, title: 'The gateway is overloaded', retry: true },
  shutting_down: { status: 503, title: 'The gateway is shutting down', retry: true },
  store_unavailable: { status: 503, title: 'The store is unavailable', retry: true },
  upstream_timeout: { status: 504, title: 'The upstream took too long', retry: true },
} as const satisfies Record<string, { status: number; title: string; retry: boolean }>;

export type RefusalCode = keyof typeof REFUSALS;

/**
 * A coded refusal. `message` is the detail that the client may read: it never holds a secret, an injected
 * header or another party's data. What only the operator may read goes into `cause`.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  readonly options: RefusalOptions;

  constructor(code: RefusalCode, detail: string, options: RefusalOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.options = options;
  }

  get status(): number {
    return REFUSALS[this.code].status;
  }
}

export interface RefusalOptions {
  /** What the operator reads; never sent to the client. */
  cause?: unknown;
  /** Further members of the problem document (RFC 9457, section 3.2). */
  members?: Readonly<Record<string, string>>;
  /** Further response headers, such as `Allow` of a 405. */
  headers?: Readonly<Record<string, string>>;
}
