// Lambda's event filters: a pattern and an event in, whether it passes out.

/** Objects nest; a list holds the values that pass. Only literal values are read, which is all that the template uses. */
export type Pattern = { readonly [name: string]: Pattern | readonly (string | number | boolean | null)[] }

export function matches(pattern: Pattern, event: unknown): boolean {
  return Object.entries(pattern).every(([name, expected]) => {
    const value = typeof event === 'object' && event !== null ? (event as Record<string, unknown>)[name] : undefined
    if (!Array.isArray(expected)) return matches(expected as Pattern, value)
    return expected.some((literal) => {
      if (typeof literal === 'object' && literal !== null) {
        throw new Error(`the local run reads no filter ${JSON.stringify(literal)}`)
      }
      return literal === value
    })
  })
}
