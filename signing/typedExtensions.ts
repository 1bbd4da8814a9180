import { MAX_BODY_SCHEMA_BYTES, MAX_USES, NONCE, SCHEMA_NAME, SUBJECT } from './extensionValues.ts';
import { parseMethods } from './methods.ts';

/** The extensions that a signer has options for (docs/protocol.md, "Extensions"). */
export interface ExtensionOptions {
  /**
   * Makes the URL good for one request, or for `uses`: 1 to 128 of `A-Z a-z 0-9 - _`, new and random for each URL.
   * Two URLs of one nonce share its count.
   */
  nonce?: string;
  /** For how many requests the nonce is good: 1 to 2147483647. Default: 1. */
  uses?: number;
  /** The end user that the backend speaks for: 1 to 128 printable ASCII characters. */
  subject?: string;
  /**
   * What the body must be: a JSON Schema (2020-12, local references only, at most 2 KiB as JSON), or the name of
   * one in the app's configuration.
   */
  bodySchema?: string | Readonly<Record<string, unknown>>;
  /** Methods that the URL may be used with: any of them, in place of `method`, which is then not signed. */
  methods?: readonly string[];
}

/**
 * Writes the options as parameters; what is undefined is left out.
 *
 * @param fail called with the option and what is wrong with it; never returns
 */
export function typedExtensions(
  { nonce, uses, subject, bodySchema, methods }: ExtensionOptions,
  fail: (option: keyof ExtensionOptions, problem: string) => never,
): [name: string, value: string][] {
  const parameters: [string, string][] = [];
  if (bodySchema !== undefined) parameters.push(['X-Sw-BodySchema', schemaText(bodySchema, fail)]);
  if (methods !== undefined) {
    const list = Array.isArray(methods) ? methods.join(';') : '';
    if (parseMethods(list)?.length !== methods.length) {
      fail('methods', 'must be a list of upper-case HTTP methods, each once');
    }
    parameters.push(['X-Sw-Methods', list]);
  }
  if (nonce !== undefined) {
    if (typeof nonce !== 'string' || !NONCE.test(nonce)) {
      fail('nonce', 'must be 1 to 128 of A-Z a-z 0-9 - _');
    }
    parameters.push(['X-Sw-Nonce', nonce]);
  }
  if (subject !== undefined) {
    if (typeof subject !== 'string' || !SUBJECT.test(subject)) {
      fail('subject', 'must be 1 to 128 printable ASCII characters');
    }
    parameters.push(['X-Sw-Subject', subject]);
  }
  if (uses !== undefined) {
    if (nonce === undefined) fail('uses', 'needs a nonce, which is what is counted');
    if (!Number.isInteger(uses) || uses < 1 || uses > MAX_USES) {
      fail('uses', `must be a whole number from 1 to ${MAX_USES}`);
    }
    parameters.push(['X-Sw-Uses', String(uses)]);
  }
  return parameters;
}

function schemaText(
  schema: NonNullable<ExtensionOptions['bodySchema']>,
  fail: (option: 'bodySchema', problem: string) => never,
): string {
  const text = typeof schema === 'object' ? JSON.stringify(schema) : schema;
  const isSchema = typeof text === 'string' && /^\s*\{/.test(text);
  if (!isSchema && (typeof text !== 'string' || !SCHEMA_NAME.test(text))) {
    fail('bodySchema', "must be a JSON Schema, or a schema's name of 1 to 64 of A-Z a-z 0-9 . _ -");
  }
  if (new TextEncoder().encode(text).byteLength > MAX_BODY_SCHEMA_BYTES) {
    fail(
      'bodySchema',
      `must not be over ${MAX_BODY_SCHEMA_BYTES} bytes; name one of the app's configuration instead`,
    );
  }
  if (isSchema && !isJsonObject(text)) fail('bodySchema', 'must be an object in JSON');
  return text;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return text.isWellFormed() && typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
