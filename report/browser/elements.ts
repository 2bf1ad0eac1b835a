// Creates and finds elements. Texts become text nodes, so a query cannot become markup.

export type Attributes = Readonly<Record<string, string | number>>
type Child = Node | string | null

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  fill(made, attributes, children)
  return made
}

export function svgElement(name: string, attributes: Attributes = {}, ...children: readonly Child[]): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name)
  fill(made, attributes, children)
  return made
}

function fill(made: Element, attributes: Attributes, children: readonly Child[]): void {
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value))
  made.append(...children.filter((child) => child !== null))
}

/** Returns null where the page has no such element, as in a report without sessions. */
export function findElement<Type extends Element>(id: string, type: new () => Type): Type | null {
  const element = document.getElementById(id)
  return element instanceof type ? element : null
}
