import { MalformedMessage } from '../../http1/malformedMessage.ts';
import {
  type AbortListener,
  type Cancellation,
  type Deadlines,
  type Ending,
  TransportError,
  type UpstreamAnswer,
  type UpstreamRequest,
} from '../transport.ts';
import type { Connection, ConnectionOwner } from './connection.ts';
import { type DeadlineOwner, ExchangeDeadline, type Phase } from './exchangeDeadline.ts';
import type { OriginPool, PoolClient } from './originPool.ts';
import { type BodySource, PipedBody } from './pipedBody.ts';
import { type OutgoingRequest, RequestSending, type SendingOwner } from './requestSending.ts';
import type { ResponseHead } from './responseHead.ts';
import { type ResponseEvents, ResponseParser } from './responseParser.ts';
import { serialiseRequestHead } from './serialiseRequestHead.ts';
import type { TransportClock } from './transportClock.ts';

/**
 * One request and its answer: waits for a connection, sends, reads, and gives the connection back or ends it.
 *
 * Where a connection had been used before and ends without a byte of an answer, the request goes to another one: as
 * often as that happens while the kernel has taken nothing of it, and once where it may have arrived, if its body can
 * be sent again and its method is safe (RFC 9110, section 9.2.2; RFC 9112, section 9.3.1). A PUT is idempotent by the
 * letter, but nobody here knows whether the first one was carried out and another client has written since.
 */
export class Http1Exchange
  implements
    PoolClient,
    ConnectionOwner,
    SendingOwner,
    DeadlineOwner,
    ResponseEvents,
    BodySource,
    AbortListener
{
  private readonly method: string;
  private readonly deadlines: Deadlines;
  private readonly signal: Cancellation;
  private readonly pool: OriginPool;
  private readonly clock: TransportClock;
  private readonly startedAt: number;
  private readonly deadline: ExchangeDeadline;
  /** Null once it is settled. */
  private answer: PromiseWithResolvers<UpstreamAnswer> | null = Promise.withResolvers<UpstreamAnswer>();

  /** Null once an answer has begun, so that a stream of hours does not hold its request. */
  private outgoing: OutgoingRequest | null;
  private connection: Connection | null = null;
  private sending: RequestSending | null = null;
  private parser: ResponseParser;
  /** Whether an attempt before this one may have reached the upstream. */
  private hasSent = false;
  private hasReceived = false;
  /** Null again once its answer has been given, for the same reason. */
  private head: ResponseHead | null = null;
  private reusable = false;
  private keepAlive: number | null = null;
  private body: PipedBody | null = null;
  private timing: UpstreamAnswer['timing'] | null = null;
  private isAnswered = false;

  /** Throws {@link TransportError} when the request cannot be written safely. */
  constructor(request: UpstreamRequest, signal: Cancellation, pool: OriginPool) {
    const { timer } = pool;
    this.outgoing = { head: serialiseRequestHead(request), body: request.body };
    this.method = request.method;
    this.deadlines = request.deadlines;
    this.signal = signal;
    this.pool = pool;
    this.clock = timer.clock;
    this.startedAt = this.clock.now();
    this.parser = new ResponseParser(this.method, this);
    this.deadline = new ExchangeDeadline(this, timer, request.deadlines.total);
  }

  run(): Promise<UpstreamAnswer> {
    const { promise } = this.answer!;
    this.signal.addEventListener('abort', this);
    if (this.signal.aborted) this.handleEvent();
    else this.pool.acquire(this, { fresh: false });
    return promise;
  }

  // What the pool tells.

  get connectDeadline(): number {
    return this.deadlines.connect;
  }

  granted(connection: Connection): void {
    this.connection = connection;
    connection.owner = this;
    connection.exchanges++;
    this.sending = new RequestSending(connection, this);
    this.deadline.begin('head', this.deadlines.head);
    this.sending.start(this.outgoing!);
  }

  refused(failure: TransportError): void {
    this.fail(failure);
  }

  // What the sending tells.

  progressed(): void {
    if (this.body === null) this.deadline.restart();
  }

  failed(failure: TransportError): void {
    this.fail(failure);
  }

  // What the connection tells.

  received(bytes: Buffer): void {
    // What comes before any of the request has gone out answers nothing (RFC 9112, section 9.2).
    if (this.sending!.isUnsent) {
      this.lost('unasked');
      return;
    }
    this.hasReceived = true;
    // Not before the head: a head that dribbles must not outlive its deadline.
    if (this.body !== null) this.deadline.restart();
    try {
      const taken = this.parser.push(bytes);
      if (this.parser.complete) this.endWire(taken === bytes.length);
    } catch (error) {
      this.malformed(error);
      return;
    }
    if (this.body !== null && !this.isAnswered) this.giveAnswer();
  }

  drained(): void {
    this.sending?.drained();
  }

  lost(how: 'end' | 'reset' | 'unasked'): void {
    const mayRetry = this.mayRetry();
    this.dropConnection();
    if (this.body !== null) {
      const cut = how === 'end' ? this.parser.finish() : 'body: connection reset';
      this.body.end(cut === null ? COMPLETE : { kind: 'broken', reason: cut });
    } else if (mayRetry) {
      this.hasSent ||= !this.sending!.isUnsent;
      this.deadline.suspend();
      this.pool.acquire(this, { fresh: true });
    } else if (how === 'unasked') {
      this.fail(this.givenUp('upstream_invalid_response', 'head: before the request'));
    } else if (this.hasReceived) {
      this.fail(new TransportError('upstream_invalid_response', 'head: cut short'));
    } else {
      const reason = how === 'end' ? 'connection closed' : 'connection reset';
      this.fail(this.givenUp('upstream_unreachable', `head: ${reason}`));
    }
  }

  // What the parser tells.

  headParsed(head: ResponseHead): void {
    const { exchanges, openedIn } = this.connection!;
    const reused = exchanges > 1;
    const now = this.clock.now();
    this.head = head;
    this.reusable = head.reusable;
    this.keepAlive = head.keepAlive;
    this.outgoing = null;
    this.timing = { reused, connect: reused ? null : openedIn, head: now - this.startedAt };
    this.body = new PipedBody(head.framing, this);
    this.deadline.begin('silence', this.deadlines.silence);
    // An error means that the upstream does not want the rest (RFC 9112, section 9.5). After a success it may
    // still be reading: the upload goes on until the answer has ended.
    if (head.status >= 300) this.sending!.stop();
  }

  bodyParsed(bytes: Uint8Array): void {
    this.body!.push(bytes);
  }

  chunkParsed(chunk: Uint8Array, start: number, end: number): void {
    this.body!.pushChunk(chunk, start, end);
  }

  // What the body's reader tells.

  pause(): void {
    this.connection?.pause();
  }

  resume(): void {
    this.connection?.resume();
    this.deadline.resume();
  }

  piping(silence: number | undefined): void {
    if (this.connection !== null) this.deadline.begin('silence', silence ?? this.deadlines.silence);
  }

  cancelled(): void {
    this.dropConnection();
  }

  settled(): void {
    this.signal.removeEventListener('abort', this);
    this.deadline.stop();
  }

  private giveAnswer(): void {
    const { status, statusText, headers, lines } = this.head!;
    const body = this.body!;
    this.head = null;
    this.isAnswered = true;
    if (this.parser.complete) body.becomeWhole();
    this.answer!.resolve({ status, statusText, headers, lines, body, timing: this.timing! });
    this.answer = null;
    this.timing = null;
  }

  /** The answer is there to its last byte: the connection goes back, if it is clean, with nothing left on it. */
  private endWire(isClean: boolean): void {
    const { connection } = this;
    if (connection === null) return;
    const isSent = this.sending!.isComplete;
    this.sending!.stop();
    this.connection = null;
    connection.owner = null;
    connection.resume();
    this.deadline.begin('silence', 0);
    if (isClean && this.reusable && isSent) this.pool.release(connection, this.keepAlive);
    else if (isSent) this.pool.discard(connection);
    else this.pool.destroy(connection);
    if (this.isAnswered) this.body!.end(COMPLETE);
  }

  private malformed(error: unknown): void {
    if (!(error instanceof MalformedMessage)) throw error;
    if (!this.isAnswered) this.fail(new TransportError('upstream_invalid_response', error.reason));
    else this.endBody({ kind: 'broken', reason: error.reason });
  }

  private mayRetry(): boolean {
    const isStale = this.connection!.exchanges > 1 && !this.hasReceived;
    if (!isStale || this.sending!.isUnsent) return isStale;
    if (this.hasSent) return false;
    const body = this.outgoing?.body ?? null;
    return (body === null || body instanceof Uint8Array) && SAFE_METHODS.has(this.method);
  }

  // What the deadline tells.

  expired(which: Phase | 'total'): void {
    if (this.isAnswered) {
      if (which !== 'total' && this.body!.isHeld) this.deadline.suspend();
      else this.endBody({ kind: 'timed_out', deadline: which === 'total' ? 'total' : 'silence' });
    } else this.fail(this.givenUp('upstream_timeout', `deadline: ${which}`));
  }

  // What the caller's signal tells.

  handleEvent(): void {
    this.fail(this.givenUp('aborted', 'aborted by the caller'));
  }

  private givenUp(code: TransportError['code'], reason: string): TransportError {
    return new TransportError(code, reason, { sent: this.sending?.isUnsent === false });
  }

  /** Ends it, before the answer or in its middle. */
  private fail(failure: TransportError): void {
    if (this.isAnswered) {
      this.endBody({ kind: 'aborted' });
      return;
    }
    this.isAnswered = true;
    this.settled();
    if (this.connection === null) this.pool.withdraw(this);
    this.dropConnection();
    // A repeated request whose second connection fails may have arrived over the first.
    const sent = failure.sent || this.hasSent;
    this.answer!.reject(sent === failure.sent ? failure : new TransportError(failure.code, failure.reason));
    this.answer = null;
  }

  private endBody(ending: Ending): void {
    this.dropConnection();
    this.body?.end(ending);
  }

  private dropConnection(): void {
    const { connection } = this;
    if (connection === null) return;
    this.connection = null;
    this.sending!.stop();
    this.pool.destroy(connection);
  }
}

const COMPLETE: Ending = { kind: 'complete' };

/** RFC 9110, section 9.2.1, without TRACE, which is never forwarded. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
