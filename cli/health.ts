import { parseDuration } from '../config/duration.ts';
import { CliError } from './cliError.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exitCodes.ts';
import { readHealth } from './readHealth.ts';

/**
 * Asks a running gateway whether it is well, for images and supervisors that have no `curl`.
 *
 * **Security**: it sends a path and nothing else, and trusts any certificate, since it learns a status alone.
 */
export const health = defineCommand({
  name: 'health',
  description: 'Ask a running gateway whether it is alive',
  options: {
    url: {
      type: 'positional',
      required: false,
      description: 'Where the gateway answers (port PORT, or 3000, of this machine, with or without TLS)',
    },
    ready: {
      type: 'boolean',
      description: 'Ask whether it takes requests (/readyz), not whether it is alive (/healthz)',
    },
    timeout: { type: 'string', valueHint: 'time', description: 'How long it may take to answer (3s)' },
  },
  examples: [
    { says: 'In a container, as its health check:', command: 'PORT=8080 signway health' },
    {
      says: 'Wait until a gateway takes requests:',
      command: 'until signway health --ready; do sleep 1; done',
    },
  ],
  notes: ['Exit codes: 0 when it is, 1 when it is not or cannot be reached.'],
  async run(line, terminal) {
    const timeout = parseDuration(line.value('timeout') ?? '3s');
    if (timeout === undefined) throw new CliError(EXIT.usage, '--timeout must be a time such as 3s or 500ms');
    const path = line.flag('ready') === true ? '/readyz' : '/healthz';
    const given = line.value('url');
    // A check that is written into an image does not know whether its gateway was given a certificate.
    const here = `127.0.0.1:${terminal.env.PORT || 3000}`;
    const candidates = given === undefined ? [`http://${here}`, `https://${here}`] : [given];

    let problem = '';
    for (const candidate of candidates) {
      const url = URL.parse(path, candidate);
      if (url === null || !/^https?:$/.test(url.protocol)) {
        throw new CliError(EXIT.usage, 'the URL must be an absolute http or https one');
      }
      const answer = await readHealth(url, { timeout });
      if (typeof answer === 'string') {
        problem ||= answer;
        continue;
      }
      const text = answer.body.trim();
      if (answer.status !== 200) throw new CliError(EXIT.failed, `status ${answer.status}: ${text}`);
      await terminal.stdout.write(`${text}\n`);
      return EXIT.done;
    }
    throw new CliError(EXIT.failed, `${given ?? here} cannot be reached: ${problem}`);
  },
});
