import type { EXTENSION_NAMES } from '../server/extensions/extensions.ts';
import type { SignedUrl } from '../signing/index.ts';

/** A parameter beyond the eight, with what it means. */
export interface ExtensionMeaning {
  readonly name: string;
  readonly value: string;
  /** Undefined when no gateway knows it, which then answers `unknown_parameter`. */
  readonly meaning: string | undefined;
}

/** Says what the extensions of a signed URL mean (docs/protocol.md, "Extensions"), in the order in which they came. */
export function extensionMeanings({ parameters, extensions }: SignedUrl): ExtensionMeaning[] {
  const values = new Map(parameters);
  return extensions.map((name) => ({
    name,
    value: values.get(name) ?? '',
    meaning: isKnown(name) ? MEANINGS[name](values) : undefined,
  }));
}

type Known = (typeof EXTENSION_NAMES)[number];

function isKnown(name: string): name is Known {
  return Object.hasOwn(MEANINGS, name);
}

const MEANINGS: Readonly<Record<Known, (values: ReadonlyMap<string, string>) => string>> = {
  'X-Sw-BodySchema': (values) =>
    /^\s*\{/.test(values.get('X-Sw-BodySchema') ?? '')
      ? 'the JSON Schema that the body must satisfy'
      : "the schema that the body must satisfy, by its name in the gateway's configuration",
  'X-Sw-Methods': () => 'the methods that it can be used with, in place of one that is signed',
  'X-Sw-Nonce': (values) => {
    const uses = values.get('X-Sw-Uses');
    return uses === undefined
      ? 'it works once: a second request is already_used'
      : `counts the requests made with it: ${uses} are answered`;
  },
  'X-Sw-Scope': () => 'a grant: a base URL for everything below X-Sw-Proxy',
  'X-Sw-Subject': () => 'the end user it speaks for, whose limits hold',
  'X-Sw-Uses': () => 'how many requests the nonce is good for',
};
