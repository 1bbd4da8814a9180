import { listen } from 'bun';

/** A port that was free on loopback a moment ago: another may have taken it when it is used. */
export function freePort(): number {
  const listener = listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}
