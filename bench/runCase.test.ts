import { expect, test } from 'bun:test';
import type { Case, Figures } from './cases/case.ts';
import { runCase } from './runCase.ts';
import type { RunningSystem, System } from './systems/system.ts';

const CASE: Case = {
  id: 'asked',
  title: 'Asked',
  method: 'Asked.',
  group: 'requests',
  unit: 'ms',
  lessIsBetter: true,
  systems: ['direct', 'one', 'other'],
  run: async (running) => ({ ms: Number(running.url('json', '/')), 'never told': Number.NaN }),
};

/** Systems whose figure is their place in the order of all runs. */
function systemsOf(names: readonly string[]): { systems: System[]; log: string[] } {
  const log: string[] = [];
  const systems = names.map((name) => ({
    name,
    about: '',
    missing: () => null,
    async start(): Promise<RunningSystem> {
      log.push(name);
      const place = String(log.length);
      return { tree: null, refused: null, url: () => place, stop: async () => void log.push('-') };
    },
  }));
  return { systems, log };
}

test('systems take turns within each round, each round begins with another, and each run is a fresh one', async () => {
  const { systems, log } = systemsOf(['direct', 'one', 'other', 'not asked']);
  const { systems: found } = await runCase(CASE, systems, { rounds: 2, seconds: 1 });
  expect(log.join(' ')).toBe('direct - one - other - one - other - direct -');
  expect(found.one).toEqual({ rounds: [{ ms: 3 }, { ms: 7 }], failure: null });
  expect(Object.keys(found)).toEqual(['direct', 'one', 'other']);
});

test('a system that fails is stopped and not asked again, and the others go on', async () => {
  const { systems, log } = systemsOf(['one', 'other']);
  const run = async (running: RunningSystem) => {
    if (running.url('json', '/') === '1') throw new Error('broke\nin two');
    return { ms: 1 };
  };
  const { systems: found } = await runCase({ ...CASE, run }, systems, { rounds: 2, seconds: 1 });
  expect(found.one).toEqual({ rounds: [], failure: 'broke' });
  expect(found.other!.rounds).toHaveLength(2);
  expect(log.join(' ')).toBe('one - other - other -');
});

test('a system that lacks what a case needs says so and is not started', async () => {
  const { systems, log } = systemsOf(['one']);
  systems[0] = { ...systems[0]!, missing: ({ workers }) => (workers > 1 ? 'has no workers' : null) };
  const { systems: found } = await runCase({ ...CASE, setup: { workers: 2 } }, systems, {
    rounds: 1,
    seconds: 1,
  });
  expect(found.one!.failure).toBe('has no workers');
  expect(log).toEqual([]);
});

test('figures beside the direct ones are made of the same round', async () => {
  const { systems } = systemsOf(['direct', 'one']);
  const besideDirect = (own: Figures, direct: Figures) => ({ added: own.ms! - direct.ms! });
  const { systems: found } = await runCase({ ...CASE, besideDirect }, systems, { rounds: 2, seconds: 1 });
  expect(found.one!.rounds).toEqual([{ added: 2 }, { added: -2 }]);
  expect(found.direct!.rounds).toEqual([{ ms: 1 }, { ms: 7 }]);
});
