export { canonicalRequest } from './canonicalRequest.ts';
export { checkValidity, DEFAULT_VALIDITY_LIMITS, type ValidityLimits } from './checkValidity.ts';
export { type Hashes, nodeHashes } from './hashes.ts';
export { ALGORITHM, METHOD, PARAMETERS, type Parameter } from './parameters.ts';
export { parseSignedUrl, type SignedUrl } from './parseSignedUrl.ts';
export { REFUSALS, Refusal, type RefusalCode, type RefusalOptions } from './refusal.ts';
export { signingKey } from './signature.ts';
export { signedBodyLength } from './signedBodyLength.ts';
export { type Signed, sign, signUrl } from './signUrl.ts';
export { SigningError, type SignUrlOptions } from './signUrlOptions.ts';
export { formatTimestamp, parseTimestamp } from './timestamp.ts';
export { parseUpstreamUrl } from './upstreamUrl.ts';
export {
  checkSignedHeaders,
  type ReceivedRequest,
  type VerifiedRequest,
  type VerifyOptions,
  verifySignature,
} from './verifySignature.ts';
