import { DEFAULT_LIMITS } from '../server/limits.ts';
import {
  checkValidity,
  parseSignedUrl,
  Refusal,
  type RefusalCode,
  type SignedUrl,
} from '../signing/index.ts';
import { type ExtensionReading, namedMethods, readExtensions } from './extensionReadings.ts';
import { checkSignature, type DescribedRequest, type SignatureVerdict } from './signatureCheck.ts';

export interface InspectionInput extends DescribedRequest {
  /** The query as it was given: the URL parser escapes some of it anew. */
  query: string;
  /** The path that the gateway is mounted under; `/` when it is under none. */
  basePath: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/** What a signed URL says and whether it holds. */
export interface Inspection {
  /** Null when it is no well-formed signed URL. */
  readonly signed: SignedUrl | null;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | null;
  readonly extensions: readonly ExtensionReading[];
  readonly signature: SignatureVerdict;
  /** Whether the method was said; else one was assumed or found. */
  readonly methodGiven: boolean;
  /**
   * What a gateway with the default limits would refuse, in the order of its checks: it answers with the first.
   * Empty when nothing is wrong as far as is known.
   */
  readonly refusals: readonly InspectedRefusal[];
}

export interface InspectedRefusal {
  readonly code: RefusalCode;
  readonly detail: string;
}

/** Takes a signed URL apart and checks it as a gateway would, without one. It calls nobody. */
export function inspectUrl(input: InspectionInput): Inspection {
  const methodGiven = input.method !== undefined;
  const ahead = [...lengthRefusals(input), ...pathRefusals(input)];
  let signed: SignedUrl;
  try {
    signed = parseSignedUrl(input.query);
  } catch (error) {
    const refusal = asRefusal(error);
    const signature = { verdict: 'invalid', detail: refusal.detail } as const;
    const refusals = [...ahead, refusal];
    return { signed: null, expiresAt: null, extensions: [], signature, methodGiven, refusals };
  }
  const signature = checkSignature(signed, input);
  const extensions = readExtensions(signed);
  return {
    signed,
    expiresAt: signed.signedAt + signed.expires * 1000,
    extensions,
    signature,
    methodGiven,
    refusals: [
      ...ahead,
      ...validityRefusals(signed, input.now),
      ...signatureRefusals(signature),
      ...extensionRefusals(extensions),
      ...methodRefusals(signed, input.method),
    ],
  };
}

function lengthRefusals({ url }: InspectionInput): InspectedRefusal[] {
  const { maxUrlLength } = DEFAULT_LIMITS;
  const { length } = url.href;
  if (length <= maxUrlLength) return [];
  return [{ code: 'url_too_long', detail: `it has ${length} characters, ${maxUrlLength} are taken` }];
}

function pathRefusals({ url, basePath }: InspectionInput): InspectedRefusal[] {
  const { pathname } = url;
  if (pathname === basePath || pathname === `${basePath}/`) return [];
  const mounted =
    basePath === '/' ? `; for one that is mounted there add --base-path ${pathname.replace(/\/$/, '')}` : '';
  const detail = `a gateway answers at the path ${basePath}, and this URL has the path ${pathname}${mounted}`;
  return [{ code: 'not_found', detail }];
}

function validityRefusals(signed: SignedUrl, now: number): InspectedRefusal[] {
  try {
    checkValidity(signed, now);
    return [];
  } catch (error) {
    return [asRefusal(error)];
  }
}

function signatureRefusals(signature: SignatureVerdict): InspectedRefusal[] {
  return signature.verdict === 'invalid' ? [{ code: 'signature_mismatch', detail: signature.detail }] : [];
}

function extensionRefusals(extensions: readonly ExtensionReading[]): InspectedRefusal[] {
  const unknown = extensions.filter(({ meaning }) => meaning === undefined).map(({ name }) => name);
  const are = unknown.length === 1 ? 'is' : 'are';
  const problems = extensions.flatMap(({ problem }) => problem ?? []);
  return [
    ...(unknown.length === 0
      ? []
      : [{ code: 'unknown_parameter', detail: `${unknown.join(' and ')} ${are} not known` } as const]),
    ...problems.map((detail) => ({ code: 'invalid_parameter', detail }) as const),
  ];
}

function methodRefusals(signed: SignedUrl, method: string | undefined): InspectedRefusal[] {
  const named = namedMethods(signed);
  if (named === undefined || method === undefined || named.includes(method)) return [];
  return [{ code: 'method_not_allowed', detail: `${method} is not one of ${named.join(';')}` }];
}

function asRefusal(error: unknown): InspectedRefusal {
  if (error instanceof Refusal) return { code: error.code, detail: error.message };
  throw error;
}
