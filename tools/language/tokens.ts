// Splits a source file into tokens and keeps the line on which each one begins.

import jsTokens, { type Token } from 'js-tokens'

export interface PlacedToken {
  readonly type: Token['type']
  readonly value: string
  /** The line on which it begins, from 1. */
  readonly line: number
}

export interface TextAt {
  readonly line: number
  readonly text: string
}

export function placeTokens(source: string): PlacedToken[] {
  let line = 1
  return [...jsTokens(source)].map(({ type, value }) => {
    const placed = { type, value, line }
    line += value.split('\n').length - 1
    return placed
  })
}
