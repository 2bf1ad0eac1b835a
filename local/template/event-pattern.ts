// Decides whether an event passes a filter of an event source mapping.

/**
 * Objects nest, and a list holds the values that pass. Only literal values are supported, since the
 * template uses no others.
 */
export type Pattern = { readonly [name: string]: Pattern | readonly (string | number | boolean | null)[] }

export function matches(pattern: Pattern, event: unknown): boolean {
  return Object.entries(pattern).every(([name, expected]) => {
    const value = typeof event === 'object' && event !== null ? (event as Record<string, unknown>)[name] : undefined
    if (!Array.isArray(expected)) return matches(expected as Pattern, value)
    return expected.some((literal) => {
      if (typeof literal === 'object' && literal !== null) {
        throw new Error(`the local run does not support the event filter ${JSON.stringify(literal)}`)
      }
      return literal === value
    })
  })
}
