/**
 * Whether a field has this name, without regard to the case of its letters (RFC 9110, section 5.1). `usual` is how the
 * name is mostly written. Names of one length mostly differ in their first letter, where lower-casing each would make
 * a text of it.
 */
export function isField(name: string, usual: string): boolean {
  if (name === usual) return true;
  if (name.length !== usual.length) return false;
  for (let i = 0; i < name.length; i++) {
    if (lowerCase(name.charCodeAt(i)) !== lowerCase(usual.charCodeAt(i))) return false;
  }
  return true;
}

function lowerCase(code: number): number {
  return code >= A && code <= Z ? code + 32 : code;
}

const A = 65;
const Z = 90;

/** Whether a list such as that of `Connection` holds a token in lower case (RFC 9110, section 5.6.1). */
export function hasToken(list: string, token: string): boolean {
  if (list === token) return true;
  // The most frequent of all lists holds nothing else.
  if (list === 'keep-alive') return false;
  return list.split(',').some((item) => item.trim().toLowerCase() === token);
}
