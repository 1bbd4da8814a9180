/** What one would write on Bun in an hour; run with its port, and the secret in BENCH_SECRET. */
import { Refusal } from '../../signing/index.ts';
import { INJECTED } from './system.ts';
import { createVerifier } from './verifier.ts';

const verify = createVerifier(process.env.BENCH_SECRET!);

Bun.serve({
  port: Number(process.argv[2]),
  hostname: '127.0.0.1',
  idleTimeout: 0,
  maxRequestBodySize: 1 << 30,
  async fetch(request) {
    try {
      const { url } = verify({
        method: request.method,
        target: request.url,
        header: (name) => request.headers.get(name),
      });
      const headers = new Headers(request.headers);
      headers.delete('host');
      headers.set(INJECTED.name, INJECTED.value);
      return await fetch(url.upstream.href, { method: request.method, headers, body: request.body });
    } catch (error) {
      if (error instanceof Refusal) return Response.json({ code: error.code }, { status: 400 });
      throw error;
    }
  },
});
