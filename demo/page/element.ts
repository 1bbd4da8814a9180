/**
 * Makes an element. Text goes in as text nodes, never as markup.
 *
 * @param tag Such as `p`, or with a class `p.note`.
 */
export function element(tag: string, ...children: (Node | string)[]): HTMLElement {
  const [name = 'div', ...classes] = tag.split('.');
  const made = document.createElement(name);
  made.classList.add(...classes);
  made.append(...children);
  return made;
}

/** The element of the page with that id, which index.html holds. */
export function part<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`index.html has no #${id}`);
  return found as T;
}
