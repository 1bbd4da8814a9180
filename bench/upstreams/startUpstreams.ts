import { join } from 'node:path';
import { freePort, startProcess } from '../machine/startProcess.ts';
import { startNginxWith } from '../systems/nginxProcess.ts';
import type { Certificates } from './certificates.ts';

/** The origins of the upstreams: a small answer, the same over TLS, and streams with bodies of any size. */
export interface Upstreams {
  readonly json: string;
  readonly tls: string;
  readonly stream: string;
}

export type UpstreamName = keyof Upstreams;

export interface RunningUpstreams {
  readonly origins: Upstreams;
  stop(): Promise<void>;
}

/** What a small JSON answer of an API looks like; every path of `json` and `tls` gives it. */
export const SMALL_JSON = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'This is a test' } }],
});

/** Starts the upstreams: nginx for the small answers, since it is cheaper than what is measured; one of ours. */
export async function startUpstreams(folder: string, certificates: Certificates): Promise<RunningUpstreams> {
  const [json, tls, stream] = [freePort(), freePort(), freePort()];
  const location = `location / { default_type application/json; return 200 '${SMALL_JSON}'; }`;
  const nginx = await startNginxWith(
    `server { listen 127.0.0.1:${json} backlog=8192; ${location} }
     server {
       listen 127.0.0.1:${tls} ssl backlog=8192; ${location}
       ssl_certificate ${certificates.certificate}; ssl_certificate_key ${certificates.key};
     }`,
    { port: json, folder, workers: 1 },
  );
  const streams = await startProcess(
    [process.execPath, join(import.meta.dirname, 'streamUpstream.ts'), String(stream)],
    { port: stream, folder },
  );
  return {
    origins: {
      json: `http://127.0.0.1:${json}`,
      tls: `https://localhost:${tls}`,
      stream: `http://127.0.0.1:${stream}`,
    },
    stop: async () => {
      await nginx.stop();
      await streams.stop();
    },
  };
}
