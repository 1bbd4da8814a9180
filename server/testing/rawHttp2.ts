import { connect, type TLSSocket } from 'node:tls';
import { REFUSALS, type RefusalCode } from '../../signing/refusal.ts';
import { CA } from './certificates.ts';

/** Types of frames (RFC 9113, section 6). */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goAway: 7,
  window: 8,
  continuation: 9,
} as const;
export const END_STREAM = 1;
export const END_HEADERS = 4;
const PADDED = 8;

/**
 * What became of a request: a refusal's code, the upstream's answer (`hi`), one of Bun's own, an error of its stream or
 * of its connection, or nothing yet.
 */
export type Http2Outcome = RefusalCode | 'served' | 'bare' | 'reset' | 'goaway' | 'closed' | 'open';

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** An HTTP/2 client that sends exactly the frames that it is told. */
export class RawHttp2 implements Disposable {
  readonly frames: Frame[] = [];
  readonly #socket: TLSSocket;
  readonly #waiting: (() => void)[] = [];
  #unread: Buffer = Buffer.alloc(0);
  #isClosed = false;

  constructor({ port }: { port: number }) {
    this.#socket = connect({ port, host: '127.0.0.1', ca: CA, ALPNProtocols: ['h2'] });
    this.#socket.on('data', (bytes: Buffer) => this.#read(bytes));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.#isClosed = true;
      this.#tell();
    });
    this.send(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FRAME.settings, { stream: 0 }));
  }

  send(...bytes: readonly Uint8Array[]): this {
    for (const each of bytes) this.#socket.write(each);
    return this;
  }

  outcome(stream: number): Http2Outcome {
    const own = this.frames.filter((each) => each.stream === stream);
    const data = own.filter(({ type }) => type === FRAME.data).map(({ payload }) => payload.toString());
    if (own.some(({ type, flags }) => (type === 0 || type === 1) && (flags & END_STREAM) !== 0)) {
      const code = /"code":"(\w+)"/.exec(data.join(''))?.[1] ?? '';
      if (Object.hasOwn(REFUSALS, code)) return code as RefusalCode;
      return data.join('') === 'hi' ? 'served' : 'bare';
    }
    if (own.some(({ type }) => type === FRAME.reset)) return 'reset';
    if (this.frames.some(({ type }) => type === FRAME.goAway)) return 'goaway';
    return this.#isClosed ? 'closed' : 'open';
  }

  /** Resolves with what became of a request, once anything has. */
  async settled(stream = 1): Promise<Http2Outcome> {
    await this.receive(() => this.outcome(stream) !== 'open');
    return this.outcome(stream);
  }

  /** Resolves when what was received satisfies `until`, or the connection has ended. */
  async receive(until: () => boolean): Promise<void> {
    while (!until() && !this.#isClosed) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    while (this.#unread.length >= HEAD && this.#unread.length >= HEAD + this.#unread.readUIntBE(0, 3)) {
      const end = HEAD + this.#unread.readUIntBE(0, 3);
      this.frames.push({
        type: this.#unread[3]!,
        flags: this.#unread[4]!,
        stream: this.#unread.readUInt32BE(5),
        payload: this.#unread.subarray(HEAD, end),
      });
      this.#unread = this.#unread.subarray(end);
    }
    this.#tell();
  }

  #tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

const HEAD = 9;

/** A frame (RFC 9113, section 4.1). */
export function frame(
  type: number,
  { flags = 0, stream = 1, payload = '' }: { flags?: number; stream?: number; payload?: string | Uint8Array },
): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const head = Buffer.alloc(HEAD);
  head.writeUIntBE(bytes.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, bytes]);
}

export type Fields = readonly (readonly [name: string, value: string])[];

/** The frames of a request's head, cut to what one frame may hold. */
export function head(fields: Fields, { stream = 1, ends = true } = {}): Buffer {
  const block = fieldBlock(fields);
  const pieces = [block.subarray(0, FRAME_SIZE)];
  for (let at = FRAME_SIZE; at < block.length; at += FRAME_SIZE)
    pieces.push(block.subarray(at, at + FRAME_SIZE));
  return Buffer.concat(
    pieces.map((payload, at) => {
      const last = at === pieces.length - 1 ? END_HEADERS : 0;
      const first = at === 0 && ends ? END_STREAM : 0;
      return frame(at === 0 ? FRAME.headers : FRAME.continuation, { flags: first | last, stream, payload });
    }),
  );
}

/** A head that says of itself that it has more padding than bytes. */
export function overPadded(): Buffer {
  const flags = END_STREAM | END_HEADERS | PADDED;
  return frame(FRAME.headers, { flags, payload: Buffer.from([200, 1, 2]) });
}

const FRAME_SIZE = 16_384;

/** Field lines as literals that are not indexed (RFC 7541, section 6.2.2), whatever bytes they hold. */
export function fieldBlock(fields: Fields): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => [Buffer.from([0]), ...[name, value].flatMap(literal)]),
  );
}

/** A string and its length (RFC 7541, section 5.2), not compressed. */
export function literal(text: string): Buffer[] {
  return [Buffer.from(integer(text.length, 7)), Buffer.from(text, 'latin1')];
}

/** RFC 7541, section 5.1. */
function integer(value: number, prefix: number): number[] {
  const limit = 2 ** prefix - 1;
  if (value < limit) return [value];
  const bytes = [limit];
  let rest = value - limit;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}
