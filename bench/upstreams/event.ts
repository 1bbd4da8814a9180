/** One event the size of a chat-completion token. `sent` is its moment, in milliseconds since the epoch. */
export function formatEvent(sequence: number, sent: number): string {
  return `${BEFORE}${sequence}${BETWEEN}${sent.toFixed(3)}${AFTER}\n\n`;
}

/** An event stream is not what the upstream sent. */
export class WrongEvent extends Error {
  override readonly name = 'WrongEvent';
}

/**
 * Takes an event stream apart as its bytes come, and calls `onEvent` for each event with the moment it was sent.
 * A comment of the gateway's (`:` and an empty line) is no event.
 *
 * @throws {WrongEvent} for any byte that differs, for an event that is missing or came twice
 */
export function createEventReader(onEvent: (sent: number) => void): (bytes: Uint8Array) => void {
  let rest = '';
  let expected = 1;
  return (bytes) => {
    const events = (
      rest + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    ).split('\n\n');
    rest = events.pop()!;
    for (const event of events) {
      if (event === ':') continue;
      const [, sequence, sent] = EVENT.exec(event) ?? [];
      if (Number(sequence) !== expected) {
        throw new WrongEvent(`expected event ${expected}, got ${JSON.stringify(event)}`);
      }
      expected++;
      onEvent(Number(sent));
    }
  };
}

const BEFORE = 'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","sequence":';
const BETWEEN = ',"sent":';
const AFTER = ',"choices":[{"index":0,"delta":{"content":" token"}}]}';
const EVENT = new RegExp(
  `^${RegExp.escape(BEFORE)}(\\d+)${RegExp.escape(BETWEEN)}(\\d+\\.\\d{3})${RegExp.escape(AFTER)}$`,
);
