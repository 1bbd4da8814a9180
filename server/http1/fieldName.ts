/**
 * Whether a field has this name, without regard to case (RFC 9110, section 5.1). `usual` is how the name is mostly
 * written: a comparison tells that, where lower-casing every name would cost more than the loop around it.
 */
export function isField(name: string, usual: string): boolean {
  return name === usual || (name.length === usual.length && name.toLowerCase() === usual.toLowerCase());
}

/** Whether a list such as that of `Connection` holds a token in lower case (RFC 9110, section 5.6.1). */
export function hasToken(list: string, token: string): boolean {
  if (list === token) return true;
  // The most frequent of all lists holds nothing else.
  if (list === 'keep-alive') return false;
  return list.split(',').some((item) => item.trim().toLowerCase() === token);
}
