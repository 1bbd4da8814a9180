import { describe, expect, test } from 'bun:test';
import type { CaseResults } from './caseResults.ts';
import { compare } from './compare.ts';
import { comparisonTable, markdownTable, textTable } from './comparisonTable.ts';
import { type Measured, type MeasuredCase, mergeFigures } from './figuresFile.ts';
import { performanceReport } from './performanceReport.ts';
import { shown } from './shown.ts';
import { median, quantile } from './statistics.ts';
import { withMeasured } from './writePerformancePage.ts';

const RESULTS: CaseResults = {
  id: 'json-64',
  title: 'Small JSON & more',
  method: 'Asked as fast as it is answered.',
  group: 'requests',
  unit: 'req/s of CPU',
  lessIsBetter: false,
  reference: 'nginx',
  rounds: 3,
  seconds: 5,
  systems: {
    direct: { rounds: [{ 'req/s': 9 }, { 'req/s': 9 }, { 'req/s': 9 }], failure: null },
    nginx: {
      rounds: [{ 'req/s of CPU': 100 }, { 'req/s of CPU': 50 }, { 'req/s of CPU': 200 }],
      failure: null,
    },
    signway: {
      rounds: [{ 'req/s of CPU': 80 }, { 'req/s of CPU': 45 }, { 'req/s of CPU': 140 }],
      failure: null,
    },
    fastify: { rounds: [{ 'req/s of CPU': 10 }], failure: 'the connection ended' },
    caddy: { rounds: [], failure: 'has no option --workers' },
  },
};
const MEASURED_CASE: MeasuredCase = { ...RESULTS, date: '2026-11-24', commit: 'abc1234', others: 0.01 };
const CONDITIONS = { machine: 'a machine', versions: { bun: '1.4.5' }, systems: { nginx: 'the peer' } };
const MEASURED: Measured = { ...CONDITIONS, cases: [MEASURED_CASE] };

function comparisonOf(system: string, results = RESULTS) {
  return compare(results).find((each) => each.system === system)!;
}

describe('comparing', () => {
  test('ratios are taken within a round, and the median and the spread are theirs', () => {
    expect(comparisonOf('signway')).toMatchObject({ ratio: 0.8, spread: [0.7, 0.9] });
    expect(comparisonOf('nginx')).toMatchObject({ ratio: 1, spread: [1, 1] });
    expect(comparisonOf('signway').figures.get('req/s of CPU')).toBe(80);
  });

  test('where less is better the ratio is the other way round', () => {
    expect(comparisonOf('signway', { ...RESULTS, lessIsBetter: true }).ratio).toBe(1.25);
  });

  test('no ratio comes of a figure that is missing or not above zero', () => {
    expect(comparisonOf('direct').ratio).toBeNaN();
    const systems = {
      nginx: { rounds: [{ 'req/s of CPU': 0.2 }], failure: null },
      signway: { rounds: [{ 'req/s of CPU': -0.1 }], failure: null },
    };
    expect(comparisonOf('signway', { ...RESULTS, systems }).ratio).toBeNaN();
  });

  test('the median of an even number is between the two in the middle, and quantiles stay within', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([3, 1, 2])).toBe(2);
    expect(median([])).toBeNaN();
    expect(quantile([1, 2, 3], 0.99)).toBe(3);
    expect(quantile([3, 1, 2], 0)).toBe(1);
  });
});

describe('showing', () => {
  test('figures have about three digits', () => {
    expect([0.123, 12.34, 12345.6, Number.NaN, undefined].map(shown)).toEqual([
      ...['0.12', '12.3', '12,346', '–', '–'],
    ]);
  });

  test('the unit that is compared comes first, and a failure says why', () => {
    const table = comparisonTable(RESULTS);
    expect(table[0]).toEqual(['', '× nginx', 'lowest to highest', 'req/s of CPU', 'req/s']);
    expect(table.at(-1)).toEqual(['caddy', '–', 'has no option --workers', '', '']);
  });

  test('a table for a terminal is aligned, one in Markdown has its rule', () => {
    const table = [
      ['', 'n'],
      ['ab', '10'],
      ['c', '5'],
    ];
    expect(textTable(table)).toBe('       n\n  ab  10\n  c    5');
    expect(markdownTable(table)).toBe('|  | n |\n| --- | ---: |\n| ab | 10 |\n| c | 5 |');
  });
});

describe('the report', () => {
  test('holds the conditions, the overview, the case and its plot', () => {
    const { markdown, plots } = performanceReport(MEASURED);
    expect(markdown).toContain('a machine');
    expect(markdown).toContain('| Small JSON & more | req/s of CPU | 0.80 |');
    expect(markdown).toContain('3 rounds of 5 s on 2026-11-24, commit abc1234');
    expect(markdown).toContain('performance/requests.svg');
    expect(Object.keys(plots)).toEqual(['requests.svg']);
  });

  test('says so when it is of a short run, or of a machine that others used', () => {
    expect(performanceReport(MEASURED).markdown).not.toContain('An indication');
    for (const change of [{ rounds: 1 }, { seconds: 1 }, { others: 0.2 }]) {
      const weak = { ...MEASURED, cases: [{ ...MEASURED_CASE, ...change }] };
      expect(performanceReport(weak).markdown).toContain('An indication');
    }
  });

  test('its plot is well-formed and shows who has a ratio, but neither the reference nor direct', () => {
    const svg = performanceReport(MEASURED).plots['requests.svg']!;
    const shownSystems = new Set<string>();
    new HTMLRewriter()
      .on('g > title', {
        text: ({ text }) => void (text !== '' && shownSystems.add(text.split(':')[0]!)),
      })
      .transform(svg);
    expect(svg).toContain('Small JSON &amp; more');
    expect([...shownSystems]).toEqual(['signway', 'fastify']);
    expect(svg).not.toContain('NaN');
  });

  test('replaces what stands between its marks alone', () => {
    const page =
      'before\n<!-- measured: what follows is written by `bun run bench --write` -->\nold\n<!-- /measured -->\nafter\n';
    const once = withMeasured(page, 'new');
    expect(once).toContain('before');
    expect(once).toContain('\n\nnew\n\n');
    expect(once).toContain('after');
    expect(once).not.toContain('old');
    expect(withMeasured(once, 'new')).toBe(once);
    expect(() => withMeasured('no marks', 'new')).toThrow('has no');
  });
});

describe('figures that are kept', () => {
  const ids = ['json-1', 'json-64'];
  const earlier: MeasuredCase = { ...MEASURED_CASE, id: 'json-1' };

  test('a case measured again takes the place of its old figures, in order', () => {
    const kept = mergeFigures(MEASURED, { conditions: CONDITIONS, measured: earlier, ids });
    expect(kept.cases.map(({ id }) => id)).toEqual(['json-1', 'json-64']);
    const again = mergeFigures(kept, {
      conditions: CONDITIONS,
      measured: { ...earlier, commit: 'def' },
      ids,
    });
    expect(again.cases.map(({ id, commit }) => `${id} ${commit}`)).toEqual(['json-1 def', 'json-64 abc1234']);
  });

  test('figures of another machine, and of cases that are no more, are dropped', () => {
    const elsewhere = { ...MEASURED, machine: 'another machine' };
    const measured = { conditions: CONDITIONS, measured: earlier };
    expect(mergeFigures(elsewhere, { ...measured, ids }).cases.map(({ id }) => id)).toEqual(['json-1']);
    expect(mergeFigures(MEASURED, { ...measured, ids: ['json-1'] }).cases.map(({ id }) => id)).toEqual([
      'json-1',
    ]);
  });
});
