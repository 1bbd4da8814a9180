import type { Readable } from 'node:stream';
import type { Output } from '../terminal.ts';

/**
 * Hands whole lines on as they come, so that the lines of several writers never mix. What a writer that was killed has
 * left of a line is dropped. Once the reader is gone, the writer is told so by its own end of the pipe.
 */
export async function relayLines(from: Readable, to: Pick<Output, 'write'>): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const bytes of from) {
      rest += decoder.decode(bytes as Uint8Array, { stream: true });
      const end = rest.lastIndexOf('\n') + 1;
      if (end === 0) continue;
      const lines = rest.slice(0, end);
      rest = rest.slice(end);
      await to.write(lines);
    }
  } catch {
    from.destroy();
  }
}
