/**
 * Tells whether a `Host` header is one: a registered name, an IPv4 or a bracketed IPv6 address, and a port
 * (RFC 3986, section 3.2). No comma: two joined Host headers hold one.
 */
export function isHost(value: string): boolean {
  if (!HOST.test(value)) return false;
  const colon = value.lastIndexOf(':');
  return colon === -1 || value.endsWith(']') || Number(value.slice(colon + 1)) <= 65_535;
}

const HOST = /^(?:[A-Za-z0-9\-._~%!$&'()*+;=]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/;
