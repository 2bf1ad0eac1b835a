// Finds the names of tests in the tokens of a test file.

import type { PlacedToken, TextAt } from './tokens.ts'

const CALLS: readonly string[] = ['it', 'test', 'describe']
const NAME_TYPES: readonly string[] = ['StringLiteral', 'NoSubstitutionTemplate', 'TemplateHead']
const OPENING: readonly string[] = ['(', '[', '{']
const CLOSING: readonly string[] = [')', ']', '}']

/** @param tokens without comments and white space. */
export function testNamesOf(tokens: readonly PlacedToken[]): TextAt[] {
  return tokens.flatMap((token, index) => {
    const isCall = CALLS.includes(token.value) && tokens[index - 1]?.value !== '.'
    const name = isCall ? tokens[nameIndex(tokens, index + 1)] : undefined
    if (name === undefined || !NAME_TYPES.includes(name.type)) return []
    return [{ line: name.line, text: name.value.replace(/^['"`]|(['"`]|\$\{)$/g, '') }]
  })
}

/** Skips `.each([...])` and its like: the name follows the chain's last opening bracket. */
function nameIndex(tokens: readonly PlacedToken[], from: number): number {
  let index = from
  while (tokens[index]?.value === '.') {
    const isTable = tokens[index + 1]?.value === 'each' || tokens[index + 1]?.value?.endsWith('If') === true
    index += 2
    if (isTable) index = afterArguments(tokens, index)
  }
  return index + 1
}

function afterArguments(tokens: readonly PlacedToken[], from: number): number {
  if (tokens[from]?.value !== '(') return from + 1
  let depth = 0
  for (let index = from; index < tokens.length; index++) {
    const value = tokens[index]?.value ?? ''
    if (tokens[index]?.type !== 'Punctuator') continue
    if (OPENING.includes(value)) depth++
    if (CLOSING.includes(value)) depth--
    if (depth === 0) return index + 1
  }
  return tokens.length
}
