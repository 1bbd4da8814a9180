import type { ConfigPath } from './configProblem.ts';

/**
 * What is left of a value of objects and lists when parts of it are left out. Parts are named by the places that they
 * have in the whole: lists keep holes, until they are asked for.
 */
export class Remainder {
  #tree: unknown;
  /** Objects and lists that were copied to be changed: only these can have holes. */
  readonly #changed = new Set<unknown>();
  readonly #standIns = new Set<unknown>();
  /** Of each list with holes, the places that its members have in the whole. */
  #places = new Map<unknown, readonly number[]>();

  constructor(whole: unknown) {
    this.#tree = whole;
  }

  /** Without what was left out. */
  get value(): unknown {
    this.#places = new Map();
    return this.#closed(this.#tree);
  }

  has(path: ConfigPath): boolean {
    let part = this.#tree;
    for (const key of path) {
      if (!isOwner(part) || !Object.hasOwn(part, key)) return false;
      part = part[key];
    }
    return true;
  }

  /** False where it was not there any more: it can go with what held it. */
  leaveOut(path: ConfigPath): boolean {
    return this.has(path) && delete this.#ownerOf(path)[path.at(-1)!];
  }

  /** Puts something in the place of an object's missing member. False where the object has gone, or is none. */
  standIn(path: ConfigPath, value: unknown): boolean {
    if (!this.has(path.slice(0, -1))) return false;
    const owner = this.#ownerOf(path);
    if (Array.isArray(owner)) return false;
    owner[path.at(-1)!] = value;
    this.#standIns.add(value);
    return true;
  }

  /** Where a part of {@link value} is in the whole; null for what stands in. */
  placeOf(path: ConfigPath): ConfigPath | null {
    let owner = this.#tree;
    const found: (string | number)[] = [];
    for (const part of path) {
      const place = this.#places.get(owner)?.[Number(part)] ?? part;
      found.push(place);
      owner = isOwner(owner) ? owner[place] : undefined;
      if (this.#standIns.has(owner)) return null;
    }
    return found;
  }

  /** The owner of a part, with all that lead to it copied once, so that it can be changed. */
  #ownerOf(path: ConfigPath): Owner {
    let owner = this.#copied(this.#tree as Owner);
    this.#tree = owner;
    for (const part of path.slice(0, -1)) {
      const copy = this.#copied(owner[part] as Owner);
      owner[part] = copy;
      owner = copy;
    }
    return owner;
  }

  #copied(owner: Owner): Owner {
    if (this.#changed.has(owner)) return owner;
    const copy = (Array.isArray(owner) ? owner.slice() : { ...owner }) as Owner;
    this.#changed.add(copy);
    return copy;
  }

  #closed(node: unknown): unknown {
    if (!this.#changed.has(node)) return node;
    const members = Object.entries(node as Owner);
    if (!Array.isArray(node))
      return Object.fromEntries(members.map(([name, member]) => [name, this.#closed(member)]));
    this.#places.set(
      node,
      members.map(([place]) => Number(place)),
    );
    return members.map(([, member]) => this.#closed(member));
  }
}

type Owner = Record<string | number, unknown>;

function isOwner(value: unknown): value is Owner {
  return typeof value === 'object' && value !== null;
}
