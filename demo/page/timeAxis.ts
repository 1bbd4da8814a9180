import { element, part } from './element.ts';

export interface TimeAxis {
  /** A request starts now: the axis is empty and its clock runs. */
  start(): void;
  /** A milestone before the events, such as `signed`. */
  mark(name: string): void;
  /** An event has arrived now. */
  tick(): void;
  /** Nothing more will come: the clock stands still. */
  stop(how: string): void;
}

/**
 * A time axis with a tick for each event and the time to the first one. It grows with the answer; times are
 * milliseconds since the page asked for a signature.
 */
export function createTimeAxis(): TimeAxis {
  const ticks = document.createElementNS(SVG, 'path');
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 1000 40');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.append(ticks);
  const marks = element('div.marks');
  const scale = element('div.scale');
  const plot = element('div.plot', svg as unknown as HTMLElement, marks);
  part('axis').append(plot, scale);
  part('axis').setAttribute('role', 'img');
  part('axis').setAttribute('aria-labelledby', 'axis-summary');

  let started = 0;
  let ended = true;
  let milestones: Milestone[] = [];
  let events: number[] = [];
  draw(0);

  function now(): number {
    return performance.now() - started;
  }

  function draw(elapsed: number): void {
    const span = spanFor(elapsed);
    ticks.setAttribute('d', events.map((at) => `M${((at / span) * 1000).toFixed(2)} 4V36`).join(''));
    const first: Milestone[] =
      events[0] === undefined ? [] : [{ name: `first token ${ms(events[0])}`, at: events[0] }];
    marks.replaceChildren(...[...milestones, ...first].map(({ name, at }) => flag(name, at / span)));
    scale.replaceChildren(
      ...[0, 1, 2, 3, 4].map((quarter) => element('span', seconds((span / 4) * quarter))),
    );
  }

  function frame(): void {
    if (ended) return;
    draw(now());
    requestAnimationFrame(frame);
  }

  return {
    start() {
      started = performance.now();
      milestones = [];
      events = [];
      part('axis-summary').textContent = 'Waiting for the first event…';
      if (!ended) return;
      ended = false;
      requestAnimationFrame(frame);
    },
    mark(name) {
      milestones.push({ name, at: now() });
    },
    tick() {
      events.push(now());
      part('axis-summary').textContent = summary(events);
    },
    stop(how) {
      ended = true;
      draw(now());
      part('axis-summary').textContent = events.length > 0 ? `${summary(events)} ${how}` : how;
    },
  };
}

const SVG = 'http://www.w3.org/2000/svg';

interface Milestone {
  name: string;
  at: number;
}

/**
 * The axis' length in milliseconds: the next of a few, so that the ticks do not creep and a quarter is a round number
 * of seconds.
 */
function spanFor(elapsed: number): number {
  const longest = SPANS.at(-1)!;
  return SPANS.find((span) => elapsed <= span) ?? Math.ceil(elapsed / longest) * longest;
}

const SPANS = [2000, 4000, 8000, 12_000, 20_000, 40_000, 60_000];

function flag(name: string, share: number): HTMLElement {
  const late = share > 0.5;
  const made = element(late ? 'span.flag.late' : 'span.flag', name);
  made.style[late ? 'right' : 'left'] = `${(late ? 1 - share : share) * 100}%`;
  return made;
}

function summary(events: number[]): string {
  const gaps = events.slice(1).map((at, index) => at - (events[index] ?? at));
  const median = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)];
  const every = median === undefined ? '' : `, then one every ${ms(median)} (median)`;
  const count = events.length === 1 ? '1 event' : `${events.length} events`;
  return `${count}: the first after ${ms(events[0] ?? 0)}${every}.`;
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}

function seconds(value: number): string {
  return `${Number((value / 1000).toFixed(2))} s`;
}
