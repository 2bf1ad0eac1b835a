// Prints what a comparison of variants finds as tables, in Markdown for docs/metrics.md.

import type { CompareReport, FoundByUsers, FoundShares, RangeShare, SpokenShares } from './compare.ts'
import { KINDS, TRAPS } from './log-kinds.ts'

export function compareText({ equal, few, traps, byUsers, tenth, split }: CompareReport): string {
  const [{ tests }, { tests: powerTests }] = [equal[0], tenth[0]] as [FoundShares, FoundShares]
  return [
    `Equal variants, ${counted(tests)} tests of each kind. Each found difference is a false alarm:`,
    '',
    sharesTable([...equal, ...few, ...traps]),
    '',
    'The kinds:',
    '',
    ...[...KINDS, ...TRAPS].flatMap(({ name, users, variantShare }) =>
      variantShare === undefined ? [`- *${name}*: ${users}`] : [],
    ),
    '- *10 %* and *5 %*: so many of the users have the second variant',
    '',
    'Intervals of *heavy differ* without 0, by the number of effective users, if no test were refused:',
    '',
    markdownTable(['effective users', 'by buckets', 'of tests', 'by user', 'of tests'], byUsers.map(foundCells)),
    '',
    `A second variant whose rate is a tenth higher, ${counted(powerTests)} tests of each kind:`,
    '',
    sharesTable(tenth),
    '',
    `The check of the split finds 52:48 that is meant as 50:50 in ${share(split.foundAt52)} of ${counted(tests)} draws of`,
    `${counted(split.users)} users. It objects to ${share(split.calledWrong, 2)} of draws that are 50:50.`,
  ].join('\n')
}

function sharesTable(shares: readonly FoundShares[]): string {
  return markdownTable(
    ['kind', 'users of the first', 'z-test by search', 'by buckets', 'refused', 'by user', 'refused'],
    shares.map(({ kind, users, bySearch, byBuckets, byUser }) => [
      kind,
      counted(users),
      share(bySearch),
      ...spokenCells(byBuckets),
      ...spokenCells(byUser),
    ]),
  )
}

function spokenCells({ found, refused }: SpokenShares): string[] {
  return [share(found), share(refused, 0)]
}

function foundCells({ from, to, byBuckets, byUser }: FoundByUsers): string[] {
  const range = to === null ? `${counted(from)} or more` : `${from} to ${counted(to)}`
  return [range, ...rangeCells(byBuckets), ...rangeCells(byUser)]
}

function rangeCells({ tests, found }: RangeShare): string[] {
  return [share(found), counted(tests)]
}

function markdownTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [heading, heading.map((_, n) => (n === 0 ? '---' : '--:')), ...rows].map(line).join('\n')
}

const GROUPED = new Intl.NumberFormat('en-GB')

function counted(count: number): string {
  return GROUPED.format(count)
}

function share(found: number | null, digits = 1): string {
  return found === null ? '–' : `${(found * 100).toFixed(digits)} %`
}
