import type { RequestHeaders } from '../../clientRequest.ts';
import { isField } from '../../http1/fieldName.ts';
import type { HeaderPairs } from '../../transport/transport.ts';

/** Header fields as they were sent, line by line, looked up without regard to case. */
export class HeaderFields implements RequestHeaders {
  private readonly pairs: HeaderPairs;

  constructor(pairs: HeaderPairs) {
    this.pairs = pairs;
  }

  get(lowerName: string): string | null {
    let found: string | null = null;
    for (const [name, value] of this.pairs) {
      if (isField(name, lowerName)) found = found === null ? value : `${found}, ${value}`;
    }
    return found;
  }

  [Symbol.iterator](): Iterator<HeaderPairs[number]> {
    return this.pairs[Symbol.iterator]();
  }
}
