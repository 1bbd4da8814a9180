import type { Case } from '../cases/case.ts';
import { compare } from './compare.ts';
import { comparisonTable, markdownTable } from './comparisonTable.ts';
import type { Measured, MeasuredCase } from './figuresFile.ts';
import { ratioPlot } from './ratioPlot.ts';
import { shown } from './shown.ts';

/** With fewer rounds or seconds, or with more of the machine gone to others, figures are an indication alone. */
export const GOOD_RUN = { rounds: 3, seconds: 3, others: 0.05 } as const;

export interface PerformanceReport {
  readonly markdown: string;
  /** SVG by file name; the Markdown shows them from `performance/`. */
  readonly plots: Readonly<Record<string, string>>;
}

/** Renders what was measured: conditions, an overview, and each case with its method. */
export function performanceReport(measured: Measured): PerformanceReport {
  const groups = Object.entries(GROUPS)
    .map(([group, title]) => ({ group, title, cases: measured.cases.filter((each) => each.group === group) }))
    .filter(({ cases }) => cases.length > 0);
  const plots: Record<string, string> = {};
  const sections = groups.map(({ group, title, cases }) => {
    plots[`${group}.svg`] = ratioPlot(cases, { title });
    const image = `![${title}: each system's ratio to the one it is compared with](performance/${group}.svg)`;
    return [`### ${title}`, image, ...cases.map(renderCase)].join('\n\n');
  });
  const markdown = [renderConditions(measured), renderOverview(measured.cases), ...sections].join('\n\n');
  return { markdown, plots };
}

const GROUPS = {
  requests: 'Requests',
  latency: 'Latency',
  refusals: 'Refusals',
  streams: 'Streams',
  bodies: 'Bodies',
  scaling: 'Options, workers and apps',
} as const satisfies Record<Case['group'], string>;

function renderConditions({ machine, versions, systems, cases }: Measured): string {
  const isGood = cases.every(
    ({ rounds, seconds, others }) =>
      rounds >= GOOD_RUN.rounds && seconds >= GOOD_RUN.seconds && others <= GOOD_RUN.others,
  );
  const warning = isGood
    ? ''
    : `> **An indication.** Some cases below were given fewer than ${GOOD_RUN.rounds} rounds or ${GOOD_RUN.seconds} ` +
      `seconds, or a machine of which over ${GOOD_RUN.others * 100} % went to others. Each says which.\n\n`;
  return `${warning}**Machine**: ${machine}. Load generator, system and upstream share it.

**Versions**: ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}.

**Systems**:

${Object.entries(systems)
  .map(([name, about]) => `- \`${name}\`: ${about}`)
  .join('\n')}`;
}

/** One row a case, one column a system: the ratios alone. */
function renderOverview(cases: readonly MeasuredCase[]): string {
  const beside = cases.filter(({ reference }) => reference === 'nginx');
  const names = [...new Set(beside.flatMap(({ systems }) => Object.keys(systems)))].filter(
    (name) => name !== 'direct' && name !== 'nginx',
  );
  const rows = beside.map((each) => {
    const found = new Map(compare(each).map(({ system, ratio }) => [system, ratio]));
    return [each.title, each.unit, ...names.map((name) => shown(found.get(name)))];
  });
  const table = markdownTable([['', 'compared by', ...names], ...rows]);
  return `### Overview\n\nRatios to nginx: above 1 is better than nginx, whichever way the unit runs.\n\n${table}`;
}

function renderCase(each: MeasuredCase): string {
  const rounds = each.rounds === 1 ? '1 round' : `${each.rounds} rounds`;
  const of = `${rounds} of ${each.seconds} s on ${each.date}, commit ${each.commit}, ${shown(each.others * 100)} % of the machine went to others`;
  return `#### ${each.title}

${each.method} (\`--only ${each.id}\`; ${of})

${markdownTable(comparisonTable(each))}`;
}
