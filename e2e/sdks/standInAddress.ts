/** An address on which public names can be stood in for, or a sentence that says why there is none. */
export type StandInAddress = { readonly hostname: string } | string;

/**
 * Finds an address of loopback on which port 443 is free, so that a public name can be pinned to it as it stands
 * in URLs. That takes the right to listen there, and OpenSSL for the name's certificate.
 */
export function findStandInAddress(): StandInAddress {
  if (Bun.which('openssl') === null) return 'openssl is not installed';
  // All of 127.0.0.0/8 is loopback on Linux; a random one keeps runs apart that go on at the same time.
  for (let attempt = 0; attempt < 20; attempt++) {
    const [a, b, c] = crypto.getRandomValues(new Uint8Array(3));
    const hostname = `127.${a}.${b}.${(c! % 254) + 1}`;
    try {
      Bun.listen({ hostname, port: 443, socket: { data() {} } }).stop(true);
      return { hostname };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') return 'port 443 may not be listened on';
    }
  }
  return 'no address of loopback has port 443 free';
}
