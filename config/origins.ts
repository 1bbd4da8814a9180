import type { ProblemList } from './problemList.ts';

/** Checks origins of pages: a browser writes them so, and another spelling never matches (RFC 6454, section 6.2). */
export function checkOrigins(origins: '*' | readonly string[] | undefined, problems: ProblemList): void {
  if (origins === undefined || origins === '*') return;
  for (const [index, origin] of origins.entries()) {
    const normal = URL.parse(origin)?.origin;
    if (normal === origin && normal !== 'null') continue;
    const meant = normal === undefined || normal === 'null' ? '' : `: did you mean ${normal}?`;
    problems.at(index).error(`must be an origin such as https://app.example.com${meant}`);
  }
}
