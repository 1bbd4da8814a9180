import type { RequestRecord } from '../requestLog.ts';
import type { Sendable } from '../sendSigned.ts';
import { element, part } from './element.ts';

export interface BothEnds {
  showSent(request: Sendable, id: string): void;
  showReceived(record: RequestRecord): void;
  /** Instead of a record: why there is none. */
  showNothingReceived(why: string): void;
}

/** What the browser sent beside what the upstream received, as lines of HTTP, each difference marked. */
export function createBothEnds(): BothEnds {
  part('sent').append(element('p.empty', 'Nothing yet.'));
  part('received').append(element('p.empty', 'Nothing yet.'));
  return {
    showSent(request, id) {
      const url = new URL(request.url);
      part('sent').replaceChildren(
        line(`${request.method} /?X-Sw-Algorithm=…&X-Sw-Signature=… HTTP/1.1`),
        header('host', url.host),
        header('authorization', 'none: this page has no key', 'absent'),
        ...Object.entries(request.headers).map(([name, value]) => header(name, value, 'signed')),
        header('accept', 'text/event-stream'),
        header('x-client-request-id', id),
        header('origin', location.origin, 'removed'),
        header('user-agent', navigator.userAgent),
        body(typeof request.body === 'string' ? request.body : new TextDecoder().decode(request.body)),
      );
    },
    showReceived(record) {
      const known = record.headers.filter(([name]) => name !== 'authorization' && name !== 'host');
      const get = (wanted: string) => record.headers.filter(([name]) => name === wanted);
      part('received').replaceChildren(
        line(`${record.method} ${record.path} HTTP/1.1`),
        ...get('host').map(([name, value]) => header(name, value)),
        ...get('authorization').map(([name, value]) => header(name, value, 'added')),
        ...known.map(([name, value]) => header(name, value)),
        body(record.body),
        element('p.verdict', verdict(record)),
      );
    },
    showNothingReceived(why) {
      part('received').replaceChildren(element('p.empty', why));
    },
  };
}

const MARKS = {
  signed: 'signed',
  absent: 'no key',
  removed: 'not passed on',
  added: 'added by Signway',
} as const;

function header(name: string, value: string, mark?: keyof typeof MARKS): HTMLElement {
  const made = line(element('b', `${name}: `), value);
  if (mark === undefined) return made;
  made.dataset.mark = mark;
  made.append(element('span.mark', MARKS[mark]));
  return made;
}

function line(...children: (Node | string)[]): HTMLElement {
  return element('p.line', ...children);
}

function body(json: string): HTMLElement {
  let shown = json;
  try {
    shown = JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    // Not JSON: shown as it is.
  }
  return element('pre.body', shown);
}

function verdict(record: RequestRecord): string {
  const events = `${record.events} event${record.events === 1 ? '' : 's'}`;
  if (record.state === 'running') return `Writing the answer…`;
  if (record.state === 'finished') return `Wrote all ${events} of the answer.`;
  if (record.state === 'client left') return `Stopped writing after ${events}: the client had left.`;
  return 'Refused this request.';
}
