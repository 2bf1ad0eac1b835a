// Splits an expression of DynamoDB into tokens and reads them one after the other.

export interface Token {
  readonly kind: 'word' | 'name' | 'value' | 'index' | 'symbol' | 'unknown' | 'end'
  readonly text: string
}

const END: Token = { kind: 'end', text: '' }

/**
 * A word begins with a to z or A to Z; digits and underscores may follow. All other attributes
 * need a name that begins with #.
 */
const TOKEN =
  /\s*(?:(?<word>[A-Za-z]\w*)|(?<name>#\w+)|(?<value>:\w+)|(?<index>\d+)|(?<symbol><>|<=|>=|[=<>()[\],.+-])|(?<unknown>\S))/gy

/** Thrown where an expression leaves DynamoDB's grammar. */
export class ExpressionSyntaxError extends Error {
  override name = 'ExpressionSyntaxError'
}

/** Leaves out the spaces. Past the last token, the current one has the kind `end`. */
export class TokenReader {
  private readonly tokens: readonly Token[]
  private position = 0

  constructor(expression: string) {
    this.tokens = tokensOf(expression)
  }

  get current(): Token {
    return this.tokens[this.position] ?? END
  }

  get following(): Token {
    return this.tokens[this.position + 1] ?? END
  }

  /** Returns the current token and moves on. */
  next(): Token {
    const token = this.current
    this.position++
    return token
  }

  /** Moves on if the current token is the symbol, and throws an ExpressionSyntaxError otherwise. */
  expect(symbol: string): void {
    if (this.next().text !== symbol) throw this.error()
  }

  isKeyword(keyword: string): boolean {
    const { kind, text } = this.current
    return kind === 'word' && text.toUpperCase() === keyword
  }

  error(): ExpressionSyntaxError {
    const read = Math.min(this.position, this.tokens.length)
    return new ExpressionSyntaxError(`the grammar is broken after ${read} of ${this.tokens.length} tokens`)
  }
}

function tokensOf(expression: string): Token[] {
  const tokens: Token[] = []
  for (const { groups } of expression.matchAll(TOKEN)) {
    for (const [kind, text] of Object.entries(groups ?? {})) {
      if (text !== undefined) tokens.push({ kind: kind as Token['kind'], text })
    }
  }
  return tokens
}
