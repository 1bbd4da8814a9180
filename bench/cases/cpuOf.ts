import type { RunningSystem } from '../systems/system.ts';

/** The CPU that a system's processes use while `work` is done, in seconds; NaN where there are none. */
export async function cpuOf<T>(
  running: RunningSystem,
  work: () => Promise<T>,
): Promise<{ cpu: number; result: T }> {
  const before = running.tree?.cpuSeconds() ?? Number.NaN;
  const result = await work();
  return { cpu: (running.tree?.cpuSeconds() ?? Number.NaN) - before, result };
}
