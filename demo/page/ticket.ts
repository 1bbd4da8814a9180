import { element, part } from './element.ts';
import { PARAMETER_MEANINGS } from './parameterMeanings.ts';

export interface Ticket {
  /** Takes the signed URL apart and starts its countdown. */
  show(url: string): void;
}

/** The signed URL, one row a parameter, with a countdown to its expiry. Blank until one is shown. */
export function createTicket(): Ticket {
  const values = new Map<string, HTMLElement>();
  for (const { name, protects } of PARAMETER_MEANINGS) {
    const value = element('code', '—');
    values.set(name, value);
    const row = element(
      'div',
      element('dt', element('span.prefix', 'X-Sw-'), name),
      element('dd', value, element('span.protects', protects)),
    );
    row.dataset.parameter = name;
    part('parameters').append(row);
  }
  let counting: ReturnType<typeof setInterval> | undefined;

  return {
    show(url) {
      const { searchParams } = new URL(url);
      for (const [name, value] of values) value.textContent = searchParams.get(`X-Sw-${name}`) || '(none)';
      part('whole-url').textContent = url;
      const validity = readValidity(searchParams);
      clearInterval(counting);
      const tick = () => {
        if (showValidity(validity) === 'expired') clearInterval(counting);
      };
      counting = setInterval(tick, 250);
      tick();
    },
  };
}

interface Validity {
  /** Milliseconds since the epoch. */
  from: number;
  until: number;
}

function readValidity(parameters: URLSearchParams): Validity {
  const date = parameters.get('X-Sw-Date') ?? '';
  const iso = date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const from = Date.parse(iso);
  return { from, until: from + Number(parameters.get('X-Sw-Expires')) * 1000 };
}

function showValidity({ from, until }: Validity): 'valid' | 'expired' {
  const left = Math.max(0, until - Date.now());
  const seconds = Math.ceil(left / 1000);
  const state = left > 0 ? 'valid' : 'expired';
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  part('validity').dataset.state = state;
  part('validity-text').textContent = state === 'valid' ? `Valid for ${clock}` : 'Expired: opens nothing now';
  part('fuse').style.transform = `scaleX(${until > from ? left / (until - from) : 0})`;
  return state;
}
