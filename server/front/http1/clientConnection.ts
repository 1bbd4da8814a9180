import type { Socket } from 'bun';
import { Refusal } from '../../../signing/refusal.ts';
import type { ClientAnswer, StreamedBody } from '../../clientAnswer.ts';
import { UNKNOWN_PEER } from '../../clientRequest.ts';
import type { AnswerReceiver, Handler } from '../../handler.ts';
import { LAST_CHUNK, writeChunk } from '../../http1/chunk.ts';
import type { SectionKind } from '../../http1/fieldSection.ts';
import { part } from '../../http1/part.ts';
import type { Turn, TurnMember } from '../../http1/turn.ts';
import type { Limits } from '../../limits.ts';
import type { BodySink } from '../../transport/transport.ts';
import { ClientGone } from './clientGone.ts';
import { HeaderFields } from './headerFields.ts';
import { type BodySource, RequestBody } from './requestBody.ts';
import type { RequestHead } from './requestHead.ts';
import { RequestParser } from './requestParser.ts';
import { mayHaveBody, serialiseAnswerHead } from './serialiseAnswer.ts';
import { SocketSending } from './socketSending.ts';

/** What is still needed of a request while it is answered: a stream of hours does not hold its headers. */
type AnsweredRequest = Pick<RequestHead, 'method' | 'minor' | 'persistent' | 'expectsContinue'>;

/** What the connections of one front share. */
export interface ConnectionContext {
  readonly handler: Handler;
  readonly limits: Limits;
  readonly heads: SectionKind;
  readonly turn: Turn;
  /** The `Date` field's value. */
  readonly date: () => string;
  readonly stopping: () => boolean;
  readonly onClose: (connection: ClientConnection) => void;
}

/**
 * One client's connection (RFC 9112, section 9): reads a request, has it answered, and reads the next. Requests
 * that come before their turn wait.
 *
 * **Security**: after a request that could not be read, or whose body was not read to its end, nothing on the
 * connection is taken for a request any more. A body that broke off ends without its last chunk, or with a reset
 * where it has no chunks: some clients take a short body for a whole one if the connection ends in order.
 */
export class ClientConnection implements AnswerReceiver, BodySource, BodySink, TurnMember {
  private readonly socket: Socket<ClientConnection>;
  private readonly context: ConnectionContext;
  private readonly sending: SocketSending;
  private readonly peer: string;
  private state: 'idle' | 'head' | 'exchange' | 'closing' | 'closed' = 'idle';
  private parser: RequestParser | null = null;
  private request: AnsweredRequest | null = null;
  private body: RequestBody | null = null;
  private gone: ClientGone | null = null;
  /** Bytes behind the current request. */
  private waiting: Buffer | null = null;
  /** When the present step must have ended. */
  private stepBy = Number.POSITIVE_INFINITY;
  private isChunking = false;
  private isPaused = false;
  private closesAfter = false;
  private discarded = 0;

  constructor(socket: Socket<ClientConnection>, context: ConnectionContext) {
    this.socket = socket;
    this.context = context;
    this.sending = new SocketSending(socket, context);
    // Bun's types leave out that there is none any more (1.4.5).
    this.peer = (socket.remoteAddress as string | undefined) ?? UNKNOWN_PEER;
    this.expectWithin(context.limits.headerTimeout);
  }

  /** Until when a request is waited for, or the rest of its head; null while there is one to be answered. */
  get waitsUntil(): number | null {
    const waits = this.state === 'head' || (this.state === 'idle' && this.waiting === null);
    return waits && this.sending.isDone ? this.stepBy : null;
  }

  /** Ends the connection if it is between two requests, where that loses nothing. */
  closeIfIdle(): void {
    if (this.state === 'idle' && this.waiting === null) this.close();
  }

  /** Closes one that waits for its client, without waiting for that to agree. */
  giveWay(): void {
    this.leave();
  }

  /** Answers that there is no room, whatever is asked. */
  turnAway(): void {
    this.refuse(new Refusal('overloaded', 'the gateway has as many connections as it may'));
  }

  // What the socket tells.

  received(bytes: Buffer): void {
    if (this.state === 'exchange') this.readBody(bytes, 0);
    else if (this.state === 'closing') this.discard(bytes);
    // Read before we reset it.
    else if (this.state === 'closed') return;
    else if (this.waiting !== null || !this.sending.isDone) this.wait(bytes);
    else this.readHead(bytes);
  }

  /** Also at the end of the turn. */
  flush(): void {
    if (this.sending.isDone) return;
    this.sending.flush();
    if (!this.sending.isDone) return;
    if (this.state === 'closing') this.shutDown();
    else if (this.state === 'idle') this.awaitRequest();
  }

  /** A defect of ours. */
  fail(): void {
    this.destroy();
  }

  closed(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.stepBy = Number.POSITIVE_INFINITY;
    this.sending.giveUp();
    this.gone?.abort();
    this.body?.giveUp();
    this.context.onClose(this);
  }

  /** Ends what has lasted too long. */
  checkDeadlines(now: number): void {
    if (this.sending.isOverdue(now)) this.destroy();
    else if (now >= this.stepBy) this.stepExpired();
  }

  /** Ends the connection now: in order if all was said, so that the client can still read it; else with a reset. */
  abandon(): void {
    this.flush();
    if (this.state === 'closing' && this.sending.isDone) this.leave();
    else this.destroy();
  }

  /** Resets the connection (RFC 9293, section 3.10.7). */
  destroy(): void {
    this.socket.terminate();
    this.closed();
  }

  // What the handler tells.

  answered(answer: ClientAnswer): void {
    const { body } = answer;
    if (body !== null && !(body instanceof Uint8Array)) this.sendStream(answer, body);
    else if (this.state === 'exchange') this.sendWhole(answer, body);
  }

  // What the request's body asks.

  pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.socket.resume();
  }

  proceed(): void {
    if (this.request!.expectsContinue) this.sending.write(CONTINUE);
  }

  expectWithin(milliseconds: number): void {
    this.stepBy = milliseconds === 0 ? Number.POSITIVE_INFINITY : this.context.turn.now() + milliseconds;
  }

  // What the answer's body tells.

  write(bytes: Uint8Array): undefined | Promise<void> {
    if (this.state !== 'exchange') return undefined;
    if (this.isChunking) writeChunk(bytes, this.sending);
    else this.sending.write(bytes);
    return this.sending.room;
  }

  writeChunk(chunk: Uint8Array, start: number, end: number): undefined | Promise<void> {
    if (this.state !== 'exchange' || !this.isChunking) return this.write(part(chunk, start, end));
    this.sending.write(chunk);
    return this.sending.room;
  }

  private readHead(bytes: Buffer): void {
    if (this.state === 'idle') {
      this.state = 'head';
      this.parser = new RequestParser(this.context.limits, this.context.heads);
      this.expectWithin(this.context.limits.headerTimeout);
    }
    const parser = this.parser!;
    try {
      const end = parser.push(bytes, 0);
      if (parser.head !== null) this.begin(parser.head, bytes, end);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.refuse(error);
    }
  }

  /** What stands in `bytes` from `offset` on comes behind the head. */
  private begin(head: RequestHead, bytes: Buffer, offset: number): void {
    this.state = 'exchange';
    this.stepBy = Number.POSITIVE_INFINITY;
    this.parser = null;
    const { method, minor, persistent, expectsContinue } = head;
    this.request = { method, minor, persistent, expectsContinue };
    this.body = new RequestBody(head, this);
    this.gone = new ClientGone();
    if (offset < bytes.length) this.readBody(bytes, offset);
    const request = {
      method,
      path: head.path,
      query: head.query,
      headers: new HeaderFields(head.fields),
      body: this.body,
      http2: false,
      peer: this.peer,
      gone: this.gone,
    };
    this.context.handler.handle(request, this);
  }

  private readBody(bytes: Buffer, offset: number): void {
    const end = this.body!.isComplete ? offset : this.body!.push(bytes, offset);
    if (end < bytes.length) this.wait(bytes.subarray(end));
  }

  private wait(bytes: Buffer): void {
    this.waiting = this.waiting === null ? bytes : Buffer.concat([this.waiting, bytes]);
    if (this.waiting.length > WAITING_BYTES) this.pause();
  }

  private sendWhole(answer: ClientAnswer, body: Uint8Array | null): void {
    const isShown = body !== null && this.request!.method !== 'HEAD' && mayHaveBody(answer.status);
    this.sending.write(this.headOf(answer, { streamed: false }));
    if (isShown) this.sending.write(body);
    this.finish();
  }

  private sendStream(answer: ClientAnswer, body: StreamedBody): void {
    if (this.state === 'exchange') {
      this.isChunking = body.length === null && this.request!.minor === 1;
      this.sending.write(this.headOf(answer, { streamed: true }));
    }
    void body.pipe(this).then((ending) => this.endStream(ending));
  }

  private endStream(ending: 'whole' | 'broken'): void {
    if (this.state !== 'exchange') return;
    const { isChunking } = this;
    this.isChunking = false;
    if (ending === 'whole') {
      if (isChunking) this.sending.write(LAST_CHUNK);
      this.finish();
    } else if (isChunking) this.close();
    else this.destroy();
  }

  private headOf(answer: ClientAnswer, { streamed }: { streamed: boolean }): string {
    const { persistent, minor, method } = this.request!;
    // A body that has not come by now is not waited for: what is left of it could not be told from a request.
    this.closesAfter = !persistent || !this.body!.isComplete || this.context.stopping();
    return serialiseAnswerHead(answer, {
      untilClose: streamed && minor === 0,
      close: this.closesAfter,
      head: method === 'HEAD',
      date: this.context.date(),
    });
  }

  /** The answer is complete: on to the next request, if the connection is fit for one. */
  private finish(): void {
    if (this.closesAfter || this.context.stopping()) {
      this.close();
      return;
    }
    this.request = this.body = this.gone = null;
    this.state = 'idle';
    if (this.sending.isDone) this.awaitRequest();
  }

  /**
   * The client has taken its answer. Not before is another request looked at: answers that nobody takes would pile up.
   */
  private awaitRequest(): void {
    this.expectWithin(this.context.limits.keepAliveTimeout);
    // In a turn of its own, so that a client with a thousand requests in one packet holds nobody up.
    if (this.waiting !== null) this.takeWaitingLater();
  }

  /** Apart, so that nothing is made for its closure where nothing waits. */
  private takeWaitingLater(): void {
    this.context.turn.later(() => this.takeWaiting());
  }

  private takeWaiting(): void {
    const { waiting } = this;
    this.waiting = null;
    if (waiting === null || this.state !== 'idle') return;
    this.resume();
    this.readHead(waiting);
  }

  /** Answers what could not be read as a request. */
  private refuse(refusal: Refusal): void {
    const method = this.parser?.method ?? '';
    const answer = this.context.handler.refuse(refusal, method);
    const framing = { untilClose: false, close: true, head: method === 'HEAD', date: this.context.date() };
    this.sending.write(serialiseAnswerHead(answer, framing));
    if (method !== 'HEAD') this.sending.write(answer.body as Uint8Array);
    this.close();
  }

  private stepExpired(): void {
    const { headerTimeout } = this.context.limits;
    this.stepBy = Number.POSITIVE_INFINITY;
    if (this.state === 'exchange') this.body!.expired();
    else if (this.state === 'head') {
      this.refuse(new Refusal('request_timeout', `the head did not arrive within ${headerTimeout} ms`));
    } else this.leave();
  }

  /**
   * Ends our side, once everything has been sent, and waits a moment for the client's: closing while it still
   * sends would reset the connection, and a reset overtakes the answer (RFC 9112, section 9.6).
   */
  private close(): void {
    this.state = 'closing';
    this.waiting = null;
    this.body?.giveUp();
    this.stepBy = Number.POSITIVE_INFINITY;
    this.resume();
    if (this.sending.isDone) this.shutDown();
  }

  private shutDown(): void {
    this.expectWithin(LINGER_MS);
    this.socket.shutdown();
  }

  /** Closes the socket in order: what the client has not read yet still reaches it. */
  private leave(): void {
    this.socket.end();
    this.closed();
  }

  private discard(bytes: Buffer): void {
    this.discarded += bytes.length;
    if (this.discarded > LINGER_BYTES) this.destroy();
  }
}

/** Bytes of further requests that may wait before reading stops. */
const WAITING_BYTES = 64 * 1024;

const LINGER_MS = 1000;
const LINGER_BYTES = 16 * 1024 * 1024;

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
