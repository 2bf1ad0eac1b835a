// Defines what a check of the language reports about one line of a file.

export type FindingKind = 'opening' | 'header' | 'test-name' | 'sentence' | 'line' | 'retired'

export interface Finding {
  readonly path: string
  /** From 1. */
  readonly line: number
  readonly kind: FindingKind
  readonly message: string
}
