import { RawClient, type RawTarget } from './rawClient.ts';

/** An answer, read by hand. */
export interface RawAnswer {
  readonly status: number;
  /** The status line. */
  readonly line: string;
  /** `X-Sw-Error`; null for an answer that is no refusal. */
  readonly code: string | null;
  /** Names in lower case, every line of its own. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly text: string;
}

/** Sends a request's bytes, which must ask for the connection to be closed, and reads the answer. */
export async function askRaw(target: RawTarget, bytes: string): Promise<RawAnswer> {
  using client = new RawClient(target);
  client.send(bytes);
  return readAnswer(await client.finished());
}

/** Reads an answer that the connection's end has ended. */
export function readAnswer(received: string): RawAnswer {
  const [head = '', ...rest] = received.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const code = headers.find(([name]) => name === 'x-sw-error')?.[1] ?? null;
  return {
    status: Number(statusLine.split(' ')[1] ?? 0),
    line: statusLine,
    code,
    headers,
    text: rest.join('\r\n\r\n'),
  };
}
