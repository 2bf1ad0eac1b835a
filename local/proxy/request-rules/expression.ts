// Parses the expressions of DynamoDB: conditions, updates and projections.

import { TokenReader } from './expression-tokens.ts'

export type ExpressionKind =
  | 'KeyConditionExpression'
  | 'FilterExpression'
  | 'ConditionExpression'
  | 'UpdateExpression'
  | 'ProjectionExpression'

/** A value that the expression compares with an attribute or sets it to. */
export interface ValueUse {
  /** The attribute as the expression names it, such as `pk` or `#user`. */
  readonly attribute: string
  /** The value's placeholder, such as `:user`. */
  readonly value: string
}

export interface ParsedExpression {
  /** The placeholders of attribute names, such as `#user`. */
  readonly names: ReadonlySet<string>
  /** The placeholders of values, such as `:user`. */
  readonly values: ReadonlySet<string>
  /** The attribute names that the expression has without a placeholder. */
  readonly words: ReadonlySet<string>
  readonly uses: readonly ValueUse[]
  /** The number of operators and functions. The `=` of SET is none. */
  readonly operators: number
  /** The most operands of one IN. */
  readonly operandsOfIn: number
}

/** Throws an ExpressionSyntaxError. */
export function parseExpression(kind: ExpressionKind, text: string): ParsedExpression {
  const parser = new Parser(new TokenReader(text))
  if (kind === 'UpdateExpression') parser.update()
  else if (kind === 'ProjectionExpression') parser.list(() => parser.path())
  else parser.condition()
  parser.end()
  return parser
}

const COMPARATORS = new Set(['=', '<>', '<', '<=', '>', '>='])
const CONDITION_FUNCTIONS = new Set([
  'attribute_exists',
  'attribute_not_exists',
  'attribute_type',
  'begins_with',
  'contains',
])
const VALUE_FUNCTIONS = new Set(['size', 'if_not_exists', 'list_append'])
const CLAUSES = new Set(['SET', 'REMOVE', 'ADD', 'DELETE'])

/** One part of a comparison or of an assignment. */
interface Operand {
  readonly attribute?: string
  readonly value?: string
}

/** A recursive descent: each method reads one part of the grammar. */
class Parser implements ParsedExpression {
  readonly names = new Set<string>()
  readonly values = new Set<string>()
  readonly words = new Set<string>()
  readonly uses: ValueUse[] = []
  operators = 0
  operandsOfIn = 0

  private readonly tokens: TokenReader

  constructor(tokens: TokenReader) {
    this.tokens = tokens
  }

  condition(): void {
    this.negation()
    while (this.tokens.isKeyword('AND') || this.tokens.isKeyword('OR')) {
      this.operator()
      this.negation()
    }
  }

  update(): void {
    const clauses = new Set<string>()
    do {
      const clause = this.tokens.next().text.toUpperCase()
      if (!CLAUSES.has(clause) || clauses.has(clause)) throw this.tokens.error()
      clauses.add(clause)
      this.list(() => this.action(clause))
    } while (this.tokens.current.kind !== 'end')
  }

  list(read: () => unknown): number {
    let count = 1
    read()
    while (this.tokens.current.text === ',') {
      this.tokens.next()
      read()
      count++
    }
    return count
  }

  /** Returns the name of the attribute that holds what the path names. */
  path(): string {
    const attribute = this.pathElement()
    for (;;) {
      if (this.tokens.current.text === '.') {
        this.tokens.next()
        this.pathElement()
      } else if (this.tokens.current.text === '[') {
        this.tokens.next()
        if (this.tokens.next().kind !== 'index') throw this.tokens.error()
        this.tokens.expect(']')
      } else return attribute
    }
  }

  end(): void {
    if (this.tokens.current.kind !== 'end') throw this.tokens.error()
  }

  private negation(): void {
    if (this.tokens.isKeyword('NOT')) {
      this.operator()
      this.negation()
    } else if (this.tokens.current.text === '(') {
      this.tokens.next()
      this.condition()
      this.tokens.expect(')')
    } else if (CONDITION_FUNCTIONS.has(this.tokens.current.text) && this.tokens.following.text === '(') this.call()
    else this.comparison()
  }

  private comparison(): void {
    const left = this.operand()
    if (COMPARATORS.has(this.tokens.current.text)) {
      this.operator()
      this.use(left, this.operand())
    } else if (this.tokens.isKeyword('BETWEEN')) {
      this.operator()
      this.use(left, this.operand())
      if (!this.tokens.isKeyword('AND')) throw this.tokens.error()
      this.tokens.next()
      this.use(left, this.operand())
    } else if (this.tokens.isKeyword('IN')) {
      this.operator()
      this.tokens.expect('(')
      const operands = this.list(() => this.use(left, this.operand()))
      this.operandsOfIn = Math.max(this.operandsOfIn, operands)
      this.tokens.expect(')')
    } else throw this.tokens.error()
  }

  private action(clause: string): void {
    const attribute = this.path()
    if (clause === 'REMOVE') return
    if (clause !== 'SET') {
      if (this.tokens.current.kind !== 'value') throw this.tokens.error()
      this.operand()
      return
    }
    this.tokens.expect('=')
    this.use({ attribute }, this.operand())
    while (this.tokens.current.text === '+' || this.tokens.current.text === '-') {
      this.operator()
      this.operand()
    }
  }

  private operand(): Operand {
    const { kind, text } = this.tokens.current
    if (kind === 'value') {
      this.values.add(this.tokens.next().text)
      return { value: text }
    }
    if (VALUE_FUNCTIONS.has(text) && this.tokens.following.text === '(') {
      this.call()
      return {}
    }
    return { attribute: this.path() }
  }

  private call(): void {
    this.operator()
    this.tokens.expect('(')
    let first: Operand | null = null
    this.list(() => {
      const operand = this.operand()
      if (first === null) first = operand
      else this.use(first, operand)
    })
    this.tokens.expect(')')
  }

  private use(left: Operand, right: Operand): void {
    const attribute = left.attribute ?? right.attribute
    const value = left.value ?? right.value
    if (attribute !== undefined && value !== undefined) this.uses.push({ attribute, value })
  }

  private pathElement(): string {
    const { kind, text } = this.tokens.current
    if (kind === 'name') this.names.add(text)
    else if (kind === 'word') this.words.add(text)
    else throw this.tokens.error()
    return this.tokens.next().text
  }

  private operator(): void {
    this.operators++
    this.tokens.next()
  }
}
