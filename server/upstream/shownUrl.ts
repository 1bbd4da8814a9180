/**
 * A URL, or what was meant to be one, as a message shows it: without user info, query and fragment, where people
 * put passwords and keys.
 */
export function shownUrl(text: string): string {
  const at = text.lastIndexOf('@');
  const scheme = /^[a-z]+:\/\//i.exec(text)?.[0] ?? '';
  const shown = at === -1 ? text : `${scheme}…${text.slice(at)}`;
  return shown.replace(/([?#]).*$/s, '$1…');
}
