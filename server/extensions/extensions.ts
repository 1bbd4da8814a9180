import { NONCE, parseUses, SUBJECT } from '../../signing/extensionValues.ts';
import { parseMethods } from '../../signing/methods.ts';
import { Refusal } from '../../signing/refusal.ts';
import type { SignedUrl } from '../../signing/signedUrl.ts';
import type { JsonSchema } from '../jsonSchema/compileJsonSchema.ts';
import type { BodySchemas } from './bodySchemas.ts';

/** What the extensions of a verified URL say. */
export interface Extensions {
  readonly nonce: string | null;
  /** For how many requests the nonce is good. */
  readonly uses: number;
  readonly subject: string | null;
  /** The body must satisfy it. */
  readonly bodySchema: JsonSchema | null;
  /** The request's method must be one of them. */
  readonly methods: readonly string[] | null;
}

/** The parameters that this gateway knows, and `X-Sw-Scope`, which grants bring along. */
export const EXTENSION_NAMES = [
  'X-Sw-BodySchema',
  'X-Sw-Methods',
  'X-Sw-Nonce',
  'X-Sw-Scope',
  'X-Sw-Subject',
  'X-Sw-Uses',
] as const;

/** What an app can ask every URL of its to have. */
export type RequiredExtension = 'nonce' | 'subject' | 'bodySchema';

export interface ExtensionRules {
  readonly required: readonly RequiredExtension[];
  /** The schemas of the app's configuration. */
  readonly schemas: ReadonlyMap<string, JsonSchema>;
  readonly bodySchemas: BodySchemas;
}

/**
 * Reads the extensions of a URL whose signature is right.
 *
 * @throws {Refusal} in this order: `unknown_parameter`, `extension_required`, `invalid_parameter`
 */
export function readExtensions({ extensions, parameters }: SignedUrl, rules: ExtensionRules): Extensions {
  if (extensions.length === 0 && rules.required.length === 0) return NONE;
  const unknown = extensions.filter((name) => !(EXTENSION_NAMES as readonly string[]).includes(name));
  if (unknown.length > 0) {
    throw new Refusal('unknown_parameter', `${unknown.join(' and ')} is not known here`);
  }
  for (const each of rules.required) {
    if (!extensions.includes(PARAMETER_OF[each])) {
      throw new Refusal('extension_required', `this app's URLs must have ${PARAMETER_OF[each]}`);
    }
  }
  const values = new Map(parameters);
  return {
    ...readNonce(values),
    subject: readSubject(values.get('X-Sw-Subject')),
    bodySchema: readBodySchema(values.get('X-Sw-BodySchema'), rules),
    methods: readMethods(values.get('X-Sw-Methods')),
  };
}

const NONE: Extensions = { nonce: null, uses: 1, subject: null, bodySchema: null, methods: null };

const PARAMETER_OF = {
  nonce: 'X-Sw-Nonce',
  subject: 'X-Sw-Subject',
  bodySchema: 'X-Sw-BodySchema',
} as const satisfies Record<RequiredExtension, string>;

function readNonce(values: ReadonlyMap<string, string>): Pick<Extensions, 'nonce' | 'uses'> {
  const nonce = values.get('X-Sw-Nonce');
  const uses = values.get('X-Sw-Uses');
  if (nonce !== undefined && !NONCE.test(nonce))
    throw invalid('X-Sw-Nonce', 'must be 1 to 128 of A-Z a-z 0-9 - _');
  if (uses === undefined) return { nonce: nonce ?? null, uses: 1 };
  if (nonce === undefined) throw invalid('X-Sw-Uses', 'needs X-Sw-Nonce beside it');
  const count = parseUses(uses);
  if (count === undefined)
    throw invalid('X-Sw-Uses', 'must be a whole number from 1 to 2147483647, in plain digits');
  return { nonce, uses: count };
}

function readSubject(subject: string | undefined): string | null {
  if (subject === undefined || SUBJECT.test(subject)) return subject ?? null;
  throw invalid('X-Sw-Subject', 'must be 1 to 128 printable ASCII characters');
}

function readBodySchema(value: string | undefined, rules: ExtensionRules): JsonSchema | null {
  return value === undefined ? null : rules.bodySchemas.find(value, rules.schemas);
}

function readMethods(value: string | undefined): readonly string[] | null {
  if (value === undefined) return null;
  const methods = parseMethods(value);
  if (methods !== undefined) return methods;
  throw invalid('X-Sw-Methods', 'must be upper-case methods, each once, joined by ;');
}

/**
 * Refuses a method that the URL does not name.
 *
 * @throws {Refusal} `method_not_allowed`, with `Allow`
 */
export function checkMethods(method: string, methods: readonly string[] | null): void {
  if (methods === null || methods.includes(method)) return;
  throw new Refusal('method_not_allowed', 'the signed URL does not name this method', {
    headers: { Allow: methods.join(', ') },
  });
}

function invalid(parameter: string, problem: string): Refusal {
  return new Refusal('invalid_parameter', `${parameter} ${problem}`);
}
