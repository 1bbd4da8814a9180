/** The version of package.json, which Node 20 cannot import without printing a warning. */
export const VERSION = '0.1.0';

/** The oldest Bun that runs the gateway: `engines.bun` of package.json. */
export const OLDEST_BUN = '1.4.5';

/** Whether a Bun of that version runs the gateway. */
export function isNewEnough(version: string): boolean {
  const given = version.split('.').map(Number.parseFloat);
  for (const [index, least] of OLDEST_BUN.split('.').map(Number).entries()) {
    const part = given[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}
