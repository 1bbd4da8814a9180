import type { Database } from 'bun:sqlite';
import { createSignway, type SignwayOptions } from 'signway';

/** A gateway whose apps, blocked users and usage are in a database. */
export function createGateway(database: Database, options: Partial<SignwayOptions> = {}) {
  const appOf = database.query<{ secret: string; origin: string; key: string }, [id: string]>(
    'SELECT secret, origin, key FROM apps WHERE id = ?',
  );
  const blocked = database.query('SELECT 1 FROM blocked WHERE subject = ?');
  const addUsage = database.query(
    `INSERT INTO usage (app, upstream, requests, bytes_in, bytes_out) VALUES (?1, ?2, 1, ?3, ?4)
     ON CONFLICT (app, upstream) DO UPDATE SET
       requests = requests + 1, bytes_in = bytes_in + ?3, bytes_out = bytes_out + ?4`,
  );
  return createSignway({
    ...options,
    apps: {
      // May be a promise, as other databases give it; null is an id that nobody has.
      async find(id) {
        const app = appOf.get(id);
        if (app === null) return null;
        const headers = [['Authorization', `Bearer ${app.key}`]] as const;
        return { id, secrets: [app.secret], upstreams: [{ origin: app.origin, headers }] };
      },
    },
    beforeUpstream({ subject }) {
      if (blocked.get(subject) === null) return;
      return Response.json({ error: 'blocked' }, { status: 403 });
    },
    afterUpstream(_context, { status }) {
      // The API refuses the key: that is the operator's affair, and not the page's.
      if (status === 401) return Response.json({ error: 'out of order' }, { status: 503 });
    },
    onExchange({ app, upstream, bytesIn, bytesOut }) {
      if (app !== null) addUsage.run(app, upstream, bytesIn, bytesOut);
    },
  });
}
