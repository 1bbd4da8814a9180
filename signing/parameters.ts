/** The only algorithm there is: HMAC with SHA-256 over a canonical request, keyed per secret and day. */
export const ALGORITHM = 'SW1-HMAC-SHA256';

/** The parameters of every signed URL, in the order in which the signer writes them. */
export const PARAMETERS = [
  'X-Sw-Algorithm',
  'X-Sw-Credential',
  'X-Sw-Date',
  'X-Sw-Expires',
  'X-Sw-Proxy',
  'X-Sw-SignedHeaders',
  'X-Sw-Body',
  'X-Sw-Signature',
] as const;

export type Parameter = (typeof PARAMETERS)[number];

/** What begins so belongs to the protocol; nothing else in the query does. */
export const PARAMETER_PREFIX = 'X-Sw-';

/** The form of every parameter's name, extensions included. */
export const PARAMETER_NAME = /^X-Sw-[A-Za-z]+$/;

/** A header name in a signature: an RFC 9110 token in lower case. */
export const SIGNED_HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/** A method: an RFC 9110 token without lower-case letters; `*` stands for "those of X-Sw-Methods". */
export const METHOD = /^(?!\*$)[!#$%&'*+\-.^_`|~0-9A-Z]+$/;

export const MAX_EXPIRES = 0xffff_ffff;
