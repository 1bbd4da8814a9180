/** The name that a mistyped one was most likely meant to be, or undefined when none is near. */
export function nearestName(typed: string, names: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let best = Math.min(typed.length, Math.max(2, Math.floor(typed.length / 3)) + 1);
  for (const name of names) {
    const distance = name.startsWith(typed) && typed.length > 2 ? 1 : editDistance(typed, name);
    if (distance < best) {
      best = distance;
      nearest = name;
    }
  }
  return nearest;
}

/** `: did you mean origin?`, or nothing where no name is near. */
export function didYouMean(typed: string, names: Iterable<string>): string {
  const nearest = nearestName(typed, names);
  return nearest === undefined ? '' : `: did you mean ${nearest}?`;
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn one text into the other. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(last[column]! + 1, next[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, before[column - 2]! + 1);
      }
      next.push(cost);
    }
    before = last;
    last = next;
  }
  return last[b.length]!;
}
