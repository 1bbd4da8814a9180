export { isAmbiguousPath } from './ambiguousPath.ts';
export { canonicalRequest } from './canonicalRequest.ts';
export { checkValidity, DEFAULT_VALIDITY_LIMITS, type ValidityLimits } from './checkValidity.ts';
export {
  MAX_BODY_SCHEMA_BYTES,
  MAX_USES,
  NONCE,
  parseUses,
  SCHEMA_NAME,
  SUBJECT,
} from './extensionValues.ts';
export { grantedUrl } from './grantedUrl.ts';
export { type GrantPath, readGrantPath } from './grantPath.ts';
export { type Hashes, type Mac, nodeHashes } from './hashes.ts';
export { parseMethods } from './methods.ts';
export { ALGORITHM, METHOD, PARAMETERS, type Parameter } from './parameters.ts';
export { parseGrant, refuseScope } from './parseGrant.ts';
export { parseSignedUrl, type ValueMemo, type ValueReading } from './parseSignedUrl.ts';
export { REFUSALS, Refusal, type RefusalCode, type RefusalOptions } from './refusal.ts';
export { type SigningKey, signingKey } from './signature.ts';
export { signedBodyLength } from './signedBodyLength.ts';
export type { SignedUrl } from './signedUrl.ts';
export { type SignGrantOptions, signGrant } from './signGrant.ts';
export { type Signed, sign, signUrl } from './signUrl.ts';
export { SigningError, type SignUrlOptions } from './signUrlOptions.ts';
export { formatTimestamp, parseTimestamp } from './timestamp.ts';
export type { ExtensionOptions } from './typedExtensions.ts';
export { parseUpstreamUrl, type UpstreamUrl } from './upstreamUrl.ts';
export {
  checkSignedHeaders,
  type ReceivedRequest,
  type VerifiedRequest,
  type VerifyOptions,
  verifySignature,
} from './verifySignature.ts';
