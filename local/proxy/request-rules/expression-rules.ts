// Checks the expressions of a request against DynamoDB's limits and its reserved words.

import { valueBytes } from './attribute-values.ts'
import type { DynamoRequest, Expression, RequestPart } from './dynamo-request.ts'
import type { ParsedExpression } from './expression.ts'
import { ExpressionSyntaxError } from './expression-tokens.ts'
import { RESERVED_WORDS } from './reserved-words.ts'
import { firstProblem, KB, MB, type Rule, sizeProblem } from './rule.ts'

const PLACEHOLDER_BYTES_MAX = 255
const OPERATORS_MAX = 300
const OPERANDS_OF_IN_MAX = 100

function ofExpressions(name: string, problem: (expression: Expression) => string | null): Rule<DynamoRequest> {
  return {
    name,
    problem: ({ parts }) =>
      firstProblem(parts, ({ expressions }) => {
        return firstProblem(expressions, (expression) => {
          const found = problem(expression)
          return found && `${expression.kind}: ${found}`
        })
      }),
  }
}

function ofParsed(name: string, problem: (parsed: ParsedExpression) => string | null): Rule<DynamoRequest> {
  return ofExpressions(name, ({ parsed }) => (parsed instanceof ExpressionSyntaxError ? null : problem(parsed)))
}

function ofParts(name: string, problem: (part: RequestPart) => string | null): Rule<DynamoRequest> {
  return { name, problem: ({ parts }) => firstProblem(parts, problem) }
}

/** "Using expressions in DynamoDB" has the grammar, and "Naming rules" names without `#`. */
export const EXPRESSION_SYNTAX = ofExpressions('expression-syntax', ({ parsed }) => {
  return parsed instanceof ExpressionSyntaxError ? parsed.message : null
})

/** "Constraints in Amazon DynamoDB", expression parameters: an expression has at most 4 KB. */
export const EXPRESSION_LENGTH = ofExpressions('expression-length', ({ text }) => {
  return sizeProblem(Buffer.byteLength(text), 'an expression', 4 * KB)
})

/** "Constraints in Amazon DynamoDB", expression parameters: at most 300 operators or functions. */
export const EXPRESSION_OPERATORS = ofParsed('expression-operators', ({ operators }) => {
  return operators <= OPERATORS_MAX ? null : `${operators} operators, and ${OPERATORS_MAX} are allowed`
})

/** "Constraints in Amazon DynamoDB", expression parameters: IN takes at most 100 operands. */
export const IN_OPERANDS = ofParsed('in-operands', ({ operandsOfIn }) => {
  return operandsOfIn <= OPERANDS_OF_IN_MAX
    ? null
    : `IN has ${operandsOfIn} operands, and ${OPERANDS_OF_IN_MAX} are allowed`
})

/** "Reserved words in DynamoDB": such a name needs a placeholder that begins with #. */
export const RESERVED_WORD = ofParsed('reserved-word', ({ words }) => {
  return firstProblem(words, (word) => (RESERVED_WORDS.has(word.toUpperCase()) ? `${word} is a reserved word` : null))
})

/** "Constraints in Amazon DynamoDB", expression parameters: 255 bytes for `#name` or `:value`. */
export const PLACEHOLDER_LENGTH = ofParts('placeholder-length', (part) => {
  const placeholders = [...Object.keys(part.names ?? {}), ...Object.keys(part.values ?? {})]
  return firstProblem(placeholders, (one) =>
    sizeProblem(Buffer.byteLength(one), 'a placeholder', PLACEHOLDER_BYTES_MAX),
  )
})

/** "Constraints in Amazon DynamoDB", expression parameters: all names and values have 2 MB. */
export const SUBSTITUTION_SIZE = ofParts('substitution-size', ({ names, values }) => {
  let bytes = 0
  for (const [placeholder, name] of Object.entries(names ?? {})) bytes += Buffer.byteLength(placeholder + name)
  for (const [placeholder, value] of Object.entries(values ?? {}))
    bytes += Buffer.byteLength(placeholder) + valueBytes(value)
  return sizeProblem(bytes, 'names and values', 2 * MB)
})

type Placeholders = 'names' | 'values'

/** Returns the placeholders that the expressions use; null if one of them cannot be parsed. */
function usedIn({ expressions }: RequestPart, kind: Placeholders): Set<string> | null {
  const used = new Set<string>()
  for (const { parsed } of expressions) {
    if (parsed instanceof ExpressionSyntaxError) return null
    for (const placeholder of parsed[kind]) used.add(placeholder)
  }
  return used
}

function undefinedProblem(part: RequestPart, kind: Placeholders): string | null {
  const defined = part[kind] ?? {}
  const found = [...(usedIn(part, kind) ?? [])].find((placeholder) => !Object.hasOwn(defined, placeholder))
  return found === undefined ? null : `${found} is not defined`
}

function unusedProblem(part: RequestPart, kind: Placeholders): string | null {
  const used = usedIn(part, kind)
  const defined = Object.keys(part[kind] ?? {})
  if (part[kind] !== null && defined.length === 0) return `the map of ${kind} is empty`
  const found = used === null ? undefined : defined.find((placeholder) => !used.has(placeholder))
  return found === undefined ? null : `no expression uses ${found}`
}

/** "Expression attribute names (aliases) in DynamoDB": an expression's `#name` must be defined. */
export const NAME_UNDEFINED = ofParts('name-undefined', (part) => undefinedProblem(part, 'names'))

/** DynamoDB answers "Value provided in ExpressionAttributeNames unused in expressions". */
export const NAME_UNUSED = ofParts('name-unused', (part) => unusedProblem(part, 'names'))

/** "Using expression attribute values in DynamoDB": an expression's `:value` must be defined. */
export const VALUE_UNDEFINED = ofParts('value-undefined', (part) => undefinedProblem(part, 'values'))

/** DynamoDB answers "Value provided in ExpressionAttributeValues unused in expressions". */
export const VALUE_UNUSED = ofParts('value-unused', (part) => unusedProblem(part, 'values'))

export const EXPRESSION_RULES: readonly Rule<DynamoRequest>[] = [
  EXPRESSION_LENGTH,
  EXPRESSION_SYNTAX,
  EXPRESSION_OPERATORS,
  IN_OPERANDS,
  RESERVED_WORD,
  PLACEHOLDER_LENGTH,
  SUBSTITUTION_SIZE,
  NAME_UNDEFINED,
  NAME_UNUSED,
  VALUE_UNDEFINED,
  VALUE_UNUSED,
]
