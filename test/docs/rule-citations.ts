// Finds the rules that a text cites.
//
// A citation stands in parentheses: one rule, a list, or a range.
// Amazon's S3 stands without parentheses.

const RULE = '[ESCRM][1-9]a?'
const CITATION = new RegExp(`\\((${RULE}(?:(?:, | and |-)${RULE})*)\\)`, 'g')
/** On a page a citation may link to its rule: `([S3](rules.md#...))`. */
const LINKED = new RegExp(`\\[(${RULE})\\]\\([^)]*\\)`, 'g')
/** Not part of a longer name, such as the check `AwsSolutions-S1`. */
const BARE = new RegExp(`(?<![\\w#/.-])${RULE}(?![\\w-])`, 'g')

export interface RuleCitations {
  /** Every rule that is cited, ranges spelled out. */
  readonly cited: readonly string[]
  /** Those that are named, and not only within a range. */
  readonly single: readonly string[]
  /** Names of rules outside a citation. */
  readonly bare: readonly string[]
}

export function ruleCitations(page: string): RuleCitations {
  const text = page.replace(LINKED, '$1')
  const cited: string[] = []
  const single: string[] = []
  for (const [, list = ''] of text.matchAll(CITATION)) {
    for (const part of list.split(/, | and /)) {
      const [from = '', to] = part.split('-')
      if (to === undefined) single.push(from)
      cited.push(...(to === undefined ? [from] : between(from, to)))
    }
  }
  const rest = text.replace(CITATION, '')
  const bare = [...rest.matchAll(BARE)].map(([id]) => id).filter((id) => id !== 'S3')
  return { cited, single, bare }
}

function between(from: string, to: string): string[] {
  const [first, last] = [Number(from[1]), Number(to[1])]
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => `${from[0]}${first + index}`)
}

export function isTestFile(path: string): boolean {
  return path.endsWith('.test.ts')
}
