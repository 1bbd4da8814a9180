/**
 * Remembers what was worked out for a text, within bounds: at most `entries` of them, none longer than `longest`
 * characters, each well-formed. When it is full it forgets all, which costs less than knowing which to forget.
 */
export class BoundedMemo<T> {
  private readonly entries: number;
  private readonly longest: number;
  private readonly known = new Map<string, T>();

  constructor({ entries = 1000, longest = 2048 } = {}) {
    this.entries = entries;
    this.longest = longest;
  }

  get(text: string): T | undefined {
    return this.known.get(text);
  }

  set(text: string, value: T): void {
    if (text.length > this.longest) return;
    if (this.known.size >= this.entries) this.known.clear();
    // A copy: a part of a text keeps the whole of it in memory, here all that a client sent.
    this.known.set(Buffer.from(text).toString(), value);
  }
}
