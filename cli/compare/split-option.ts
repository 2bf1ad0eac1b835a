// Reads the option --split, which states how users are meant to be split among variants.

import { InvalidArgumentError } from 'commander'
import { printable } from '../../terminal/text-table.ts'
import { UsageError } from '../../terminal/user-error.ts'
import { parseNumber } from '../target/option-values.ts'

export interface MeantSplit {
  readonly text: string
  /** In the order of the names of the variants. Null where the option names them. */
  readonly parts: readonly number[] | null
  readonly byName: ReadonlyMap<string, number> | null
}

/** Parses `50:50` or `A=90,B=10`. */
export function parseSplit(text: string): MeantSplit {
  if (!text.includes('=')) {
    const parts = text.split(':').map(parsePart)
    if (parts.length >= 2) return { text, parts, byName: null }
  } else {
    const named = text.split(',').map((part): [string, number] => {
      const equals = part.lastIndexOf('=')
      return [part.slice(0, Math.max(0, equals)), parsePart(part.slice(equals + 1))]
    })
    const byName = new Map(named)
    if (byName.size >= 2 && byName.size === named.length && !byName.has('')) return { text, parts: null, byName }
  }
  throw new InvalidArgumentError('Expected parts such as 50:50, in the order of the names, or A=90,B=10.')
}

/** The sum of the largest doubles would be infinite. */
const PART_MAX = 1_000_000

function parsePart(text: string): number {
  const part = parseNumber(text)
  if (part > 0 && part <= PART_MAX) return part
  throw new InvalidArgumentError(
    `Expected parts above 0 and up to ${PART_MAX.toLocaleString('en-GB')}, such as 50:50 or A=90,B=10.`,
  )
}

/** Returns the parts in the order of the variants. Throws a UsageError where they do not fit. */
export function partsOf({ text, parts, byName }: MeantSplit, variants: readonly string[]): readonly number[] {
  const found = parts ?? variants.flatMap((name) => byName?.get(name) ?? [])
  const isWhole = found.length === variants.length && (byName === null || byName.size === variants.length)
  if (isWhole) return found
  throw new UsageError(
    `--split ${text}: expected a part for each of the ${variants.length} variants ${variants.map(printable).join(', ')}`,
  )
}
