/**
 * The value of a header without the spaces and tabs around it (RFC 9110, section 5.5). Characters that only
 * Unicode calls white space stay.
 *
 * **Security**: a regular expression for the end would take the square of a run of spaces in the middle, 50 ms
 * for a header that anyone can send.
 */
export function trimSpacesAndTabs(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isSpaceOrTab(value.charCodeAt(start))) start++;
  while (end > start && isSpaceOrTab(value.charCodeAt(end - 1))) end--;
  return end - start === value.length ? value : value.slice(start, end);
}

function isSpaceOrTab(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
