/**
 * What makes an HTTP/1.1 message unreadable. `reason` is a fixed short phrase for the operator's log
 * (`head: bare LF`), free of anything that was received. `limit` when the message is well-formed so far and only
 * larger than allowed.
 */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
  readonly reason: string;
  readonly limit: boolean;

  constructor(reason: string, { limit = false } = {}) {
    super(reason);
    this.reason = reason;
    this.limit = limit;
  }
}
