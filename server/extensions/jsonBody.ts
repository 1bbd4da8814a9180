import { Refusal } from '../../signing/refusal.ts';
import type { JsonSchema } from '../jsonSchema/compileJsonSchema.ts';
import { parseStrictJson } from './strictJson.ts';

export interface JsonBodyParts {
  /** A header's value by its lower-case name, several lines joined by `, `; null when it was not sent. */
  header(name: string): string | null;
  readonly body: Uint8Array;
}

/**
 * Reads a body as the JSON it says it is, and holds it against a schema (docs/protocol.md, "Extensions").
 *
 * **Security**: whatever an upstream could read otherwise is refused: another type or charset, a content coding,
 * a type given twice, and what `parseStrictJson` refuses. The refusal names a place in the client's own body.
 *
 * @throws {Refusal} `body_not_allowed`
 */
export function checkJsonBody({ header, body }: JsonBodyParts, schema: JsonSchema): void {
  if (!isJsonType(header('content-type'))) {
    throw notAllowed('the body must have one Content-Type, which is JSON in UTF-8');
  }
  const coding = header('content-encoding');
  if (coding !== null && coding.trim().toLowerCase() !== 'identity') {
    throw notAllowed('the body must not be encoded');
  }
  const json = parseStrictJson(body);
  if ('problem' in json) throw notAllowed(`the body ${json.problem}`);
  const failure = schema.validate(json.value);
  if (failure === null) return;
  const place = failure.pointer === '' ? 'as a whole' : `at ${shortened(failure.pointer)}`;
  throw notAllowed(`the body does not satisfy the schema, ${place}: ${failure.keyword}`);
}

function notAllowed(detail: string): Refusal {
  return new Refusal('body_not_allowed', detail);
}

/** `application/json` or `…+json` (RFC 6839, section 3.1), without parameters or with `charset=utf-8`, once. */
export function isJsonType(contentType: string | null): boolean {
  if (contentType === null) return false;
  const [type = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
  if (!JSON_TYPE.test(type) || parameters.some((parameter) => !PARAMETER.test(parameter))) return false;
  const charsets = parameters.filter((parameter) => parameter.startsWith('charset='));
  return charsets.length === 0 || (charsets.length === 1 && UTF8_CHARSET.test(charsets[0]!));
}

const JSON_TYPE = /^(?:application\/json|[!#$&^_.+a-z0-9-]+\/[!#$&^_.+a-z0-9-]+\+json)$/;
const PARAMETER = /^[!#$%&'*+.^_`|~0-9a-z-]+=(?:[!#$%&'*+.^_`|~0-9a-z-]+|"[^"\\,]*")$/;
const UTF8_CHARSET = /^charset=(?:utf-8|"utf-8")$/;

function shortened(pointer: string): string {
  return pointer.length <= LONGEST_POINTER ? pointer : `${pointer.slice(0, LONGEST_POINTER)}…`;
}

const LONGEST_POINTER = 200;
