import { createBodySchemas } from '../server/extensions/bodySchemas.ts';
import { checkMethods, type Extensions, readExtensions } from '../server/extensions/extensions.ts';
import { checkJsonBody } from '../server/extensions/jsonBody.ts';
import { compileJsonSchema } from '../server/jsonSchema/compileJsonSchema.ts';
import { DEFAULT_LIMITS } from '../server/limits.ts';
import {
  checkValidity,
  type GrantPath,
  grantedUrl,
  parseGrant,
  parseSignedUrl,
  Refusal,
  type RefusalCode,
  readGrantPath,
  refuseScope,
  SCHEMA_NAME,
  type SignedUrl,
} from '../signing/index.ts';
import type { UpstreamUrl } from '../signing/upstreamUrl.ts';
import { checkSignature, type DescribedRequest, type SignatureVerdict } from './signatureCheck.ts';

export interface InspectionInput extends DescribedRequest {
  /** The query as it was given: the URL parser escapes some of it anew. */
  query: string;
  /** The path that the gateway is mounted under, without a slash at its end; empty when it is under none. */
  basePath: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/** What a signed URL or a grant says and whether it holds. */
export interface Inspection {
  /** Null when it is no well-formed signed URL. */
  readonly signed: SignedUrl | null;
  /** Whether it is a grant's base URL, or a URL below it. */
  readonly isGrant: boolean;
  /** The upstream's URL that the request would reach; a grant's is its prefix with what was appended. */
  readonly target: UpstreamUrl | null;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | null;
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

/**
 * Takes a signed URL apart and puts it through a gateway's own checks, in their order, without a gateway. It calls
 * nobody. What only a gateway can know is not checked: the app, its upstreams, its schemas, what was used before.
 */
export function inspectUrl(input: InspectionInput): Inspection {
  const refusals: InspectedRefusal[] = [];
  const note = (code: RefusalCode, detail: string) => void refusals.push({ code, detail });
  const attempt = <T>(check: () => T): T | undefined => {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      note(error.code, error.message);
      return undefined;
    }
  };

  const methodGiven = input.method !== undefined;
  const { length } = input.url.href;
  const { maxUrlLength } = DEFAULT_LIMITS;
  if (length > maxUrlLength) note('url_too_long', `it has ${length} characters, ${maxUrlLength} are taken`);
  const grant = readGrantPath({ path: input.url.pathname, query: input.query }, input.basePath);
  if (grant === null && !isAnswered(input)) note('not_found', notFoundDetail(input));
  const signed = attempt(() => (grant === null ? parseSignedUrl(input.query) : parseGrant(grant.token)));
  if (signed === undefined) {
    const signature = { verdict: 'invalid', detail: refusals.at(-1)!.detail } as const;
    return {
      signed: null,
      isGrant: grant !== null,
      target: null,
      expiresAt: null,
      signature,
      methodGiven,
      refusals,
    };
  }

  if (grant === null) attempt(() => refuseScope(signed));
  attempt(() => checkValidity(signed, input.now));
  const signature = checkSignature(signed, input);
  if (signature.verdict === 'invalid') note('signature_mismatch', signature.detail);
  const extensions = attempt(() => readExtensions(signed, rulesFor(signed)));
  attempt(() => checkMethod(input, extensions));
  const target = attempt(() => targetOf(signed, grant)) ?? null;
  attempt(() => checkBody(input, extensions));
  const expiresAt = signed.signedAt + signed.expires * 1000;
  return { signed, isGrant: grant !== null, target, expiresAt, signature, methodGiven, refusals };
}

function isAnswered({ url, basePath }: InspectionInput): boolean {
  return url.pathname === `${basePath}/` || (basePath !== '' && url.pathname === basePath);
}

function notFoundDetail({ url, basePath }: InspectionInput): string {
  const { pathname } = url;
  const mounted =
    basePath === '' ? `; for one that is mounted there add --base-path ${pathname.replace(/\/$/, '')}` : '';
  return `a gateway answers at the path ${basePath || '/'}, and this URL has the path ${pathname}${mounted}`;
}

/** The names of schemas are the configuration's, so each that can be one is taken for one. */
function rulesFor(signed: SignedUrl) {
  const name = signed.parameters.find(([parameter]) => parameter === 'X-Sw-BodySchema')?.[1] ?? '';
  const schemas = new Map(SCHEMA_NAME.test(name) ? [[name, compileJsonSchema({})]] : []);
  return { required: [], schemas, bodySchemas: createBodySchemas() };
}

function checkMethod({ method }: InspectionInput, extensions: Extensions | undefined): void {
  if (method !== undefined) checkMethods(method, extensions?.methods ?? null);
}

function targetOf(signed: SignedUrl, grant: GrantPath | null): UpstreamUrl {
  return grant === null ? signed.upstream : grantedUrl(signed, grant);
}

/** Only where the type of the body is said too. */
function checkBody({ body, headers }: InspectionInput, extensions: Extensions | undefined): void {
  const schema = extensions?.bodySchema ?? null;
  const sent = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  if (schema === null || body === undefined || !sent.has('content-type')) return;
  checkJsonBody({ header: (name) => sent.get(name) ?? null, body }, schema);
}
