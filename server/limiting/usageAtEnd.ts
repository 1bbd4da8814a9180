/**
 * The documents that hold the usage which the end of a long one tells, `end` being its last part: APIs write it behind
 * what they have made. Nothing is guessed: from a name on, what follows must be JSON to the very end of the document,
 * or of its `response`, or of the last document of a list; in a text of JSON such a name has no such quotes.
 */
export function usageAtEnd(end: string): unknown[] {
  const places = [...end.matchAll(/"usage(?:Metadata)?"/g)].slice(-MOST_PLACES).map(({ index }) => index);
  return places.flatMap((place) => BEGINNINGS.flatMap((beginning) => parsed(beginning + end.slice(place))));
}

const BEGINNINGS = ['{', '{"response":{', '[{'];

// A client can have its own metadata repeated behind the usage, in a few members.
const MOST_PLACES = 32;

function parsed(text: string): unknown[] {
  try {
    return [JSON.parse(text)];
  } catch {
    return [];
  }
}
