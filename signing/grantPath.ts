/** Where a request to a grant is addressed, as it was sent but for dot segments. */
export interface GrantPath {
  readonly token: string;
  /** What follows `/s/<token>/`. */
  readonly path: string;
  /** The request's own query, without its `?`. */
  readonly query: string;
}

/**
 * Takes `<base path>/s/<token>/…` apart. Null for any other path, `/s/<token>` without the slash among them.
 *
 * @param target its path with dot segments resolved, so that what leaves the grant is no longer below it
 * @param basePath where the gateway is mounted, without a slash at its end. Default: at the root
 */
export function readGrantPath(
  { path, query }: { path: string; query: string },
  basePath = '',
): GrantPath | null {
  const start = `${basePath}/s/`;
  if (!path.startsWith(start)) return null;
  const end = path.indexOf('/', start.length);
  return end === -1 ? null : { token: path.slice(start.length, end), path: path.slice(end + 1), query };
}
