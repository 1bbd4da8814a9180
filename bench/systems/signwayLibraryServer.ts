/** A gateway with many apps; run with its port and their number, and the secret in BENCH_SECRET. */
import { createSignway } from '../../server/index.ts';
import { INJECTED } from './system.ts';

const [port, apps] = process.argv.slice(2).map(Number) as [number, number];
const secrets = [process.env.BENCH_SECRET!];

createSignway({
  apps: Array.from({ length: apps }, (_, i) => ({
    id: `bench-${i}`,
    secrets,
    upstreams: [{ origin: '*', headers: [[INJECTED.name, INJECTED.value]] }],
  })),
  network: { allowNetworks: ['127.0.0.0/8'] },
}).serve({ port, hostname: '127.0.0.1' });
