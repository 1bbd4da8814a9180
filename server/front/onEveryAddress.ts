/**
 * Listens on every address: those of IPv6, which take IPv4 in, or where the system has no IPv6 at all, those of IPv4.
 *
 * @throws what the system says otherwise, with its `code`
 */
export function onEveryAddress<T>(listen: (hostname: string) => T): T {
  try {
    return listen('::');
  } catch (error) {
    // A family that is not there is the one reason to which Bun gives no code (1.4.5).
    if ((error as NodeJS.ErrnoException).code !== undefined) throw error;
    return listen('0.0.0.0');
  }
}
