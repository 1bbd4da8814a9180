import { SignwayError } from './signwayError.ts';

/**
 * The error that an answer stands for: the gateway's refusal, `upstream_error` for an error of the API's own,
 * null for an answer that is none. Reads the body of an error, and nothing else.
 */
export async function errorOf(response: Response): Promise<SignwayError | null> {
  const refusal = response.headers.get('x-sw-error');
  if (refusal === null && response.ok) return null;
  const document = parsed(await response.text());
  const { status, headers } = response;
  const message = messageOf(document) ?? `the answer's status is ${status}`;
  return new SignwayError(refusal ?? 'upstream_error', message, { status, headers, document });
}

/** JSON as its value, anything else as it is. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A problem document's detail, or the message where the APIs put theirs: `error.message`, or `message`. */
export function messageOf(document: unknown): string | undefined {
  const { detail, error, message } = members(document);
  return [detail, members(error).message, message].find((text) => typeof text === 'string') as
    | string
    | undefined;
}

/** The members of an object; of anything else, none. */
export function members(value: unknown): Record<string, unknown> {
  return (typeof value === 'object' && value) || Object(undefined);
}
