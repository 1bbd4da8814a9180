/**
 * A process that contends for a store: opens the one that its argument describes, and for each admission that
 * comes as a line of JSON on stdin, `{ admission, times }`, asks for it that often at once and prints how often it
 * was admitted.
 */
import { createRedisStore } from '../redisStore.ts';
import { createSqliteStore } from '../sqliteStore.ts';
import type { Admission } from '../store.ts';

const [kind, where = ''] = process.argv.slice(2);
const store =
  kind === 'redis'
    ? createRedisStore({ url: where, timeout: 20_000 })
    : createSqliteStore({ path: where, busyTimeout: 20_000 });
process.stdout.write('ready\n');

for await (const line of console) {
  if (line === '') break;
  const { admission, times } = JSON.parse(line) as { admission: Admission; times: number };
  const verdicts = await Promise.all(Array.from({ length: times }, () => store.admit(admission)));
  process.stdout.write(`${verdicts.filter(({ admitted }) => admitted).length}\n`);
}
await store.close();
