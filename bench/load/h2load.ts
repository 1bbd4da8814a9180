export interface H2loadOptions {
  protocol: 'h2' | 'http/1.1';
  /** Requests in all, spread over the connections. */
  requests: number;
  connections: number;
  /** Bytes of one answer's body. */
  size: number;
}

/**
 * Sends GET requests over TLS, all of them at once: over HTTP/2 as streams of the connections, over HTTP/1.1
 * one on each.
 *
 * @throws {Error} when not every answer was 200 and whole
 */
export async function h2load(
  url: string,
  { protocol, requests, connections, size }: H2loadOptions,
): Promise<void> {
  const atOnce = Math.ceil(requests / connections);
  const command = ['h2load', '-n', String(requests), '-c', String(connections), '-m', String(atOnce)];
  if (protocol === 'http/1.1') command.push('--h1');
  const child = Bun.spawn([...command, url], { stdout: 'pipe', stderr: 'ignore' });
  const said = await new Response(child.stdout).text();
  const spoken = /^Application protocol: (.*)$/m.exec(said)?.[1];
  const answered = Number(/^status codes: (\d+) 2xx/m.exec(said)?.[1]);
  const bytes = Number(/headers.*, \S+ \((\d+)\) data$/m.exec(said)?.[1]);
  if (spoken !== protocol || answered !== requests || bytes !== requests * size) {
    throw new Error(`h2load: ${answered} answers of ${requests}, ${bytes} bytes, over ${spoken}\n${said}`);
  }
}
