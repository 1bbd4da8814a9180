/** Where a gateway answers. */
export interface Mount {
  /** Without a slash at its end; empty at the root. */
  readonly basePath: string;
  /** The paths that a signer may have signed: `/`, as every URL has it, or that of the host it was given. */
  readonly signedPaths: readonly string[];
}

/**
 * Reads a base path such as `/gw`, under which a gateway is mounted; `/` is the root.
 *
 * @throws {TypeError} for what is no path, or holds an escape or a dot segment
 */
export function mountAt(basePath = '/'): Mount {
  if (!isBasePath(basePath)) {
    throw new TypeError(`the base path '${basePath}' must be a path such as /gw`);
  }
  const bare = basePath.replace(/\/$/, '');
  return { basePath: bare, signedPaths: bare === '' ? ['/'] : ['/', bare, `${bare}/`] };
}

/** Whether {@link mountAt} takes it. */
export function isBasePath(text: string): boolean {
  return PATH.test(text) && !/\/\.{1,2}(?:\/|$)/.test(text);
}

/** Segments of characters that no URL parser escapes or resolves. */
const PATH = /^\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]+(?:\/[A-Za-z0-9\-._~!$&'()*+,;=:@]+)*\/?)?$/;
