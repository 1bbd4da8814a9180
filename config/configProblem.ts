import type { BaseIssue } from 'valibot';

/** The way from a configuration's root to one of its parts. */
export type ConfigPath = readonly (string | number)[];

/** Something in a configuration that cannot be used, or that an operator should know. */
export interface ConfigProblem {
  readonly severity: 'error' | 'warning';
  readonly path: ConfigPath;
  /** A sentence without its subject, which the path is: `must be a time such as 30s`. It repeats no secret. */
  readonly message: string;
}

/** Writes a path as JavaScript does: `apps[0].upstreams[1].origin`. */
export function writePath(path: ConfigPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_$][\w$]*$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/** What the shape's check found. Of an alternative, what is wrong inside says more than that none fits. */
export function problemsOf(issues: readonly BaseIssue<unknown>[], base: ConfigPath = []): ConfigProblem[] {
  return issues.flatMap((issue) => {
    const path = [...base, ...(issue.path ?? []).map(({ key }) => key as string | number)];
    const inside = (issue.issues ?? []).filter((each) => each.path !== undefined);
    if (inside.length > 0) return problemsOf(inside, path);
    return [{ severity: 'error', path, message: issue.message }];
  });
}
