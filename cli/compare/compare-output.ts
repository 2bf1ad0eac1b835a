// Prints a comparison as a table with sentences, or as JSON.

import type { ComparedVariant, Contrast } from '../../compare/comparison.ts'
import { detectableText, intervalText, pText, ratioText, signedText, unitText } from '../../compare/comparison-text.ts'
import { BUCKETS } from '../../functions/domain/results/segments.ts'
import type { DayRange } from '../../report/report-data.ts'
import { paintFor, print } from '../../terminal/output.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { columns, printable } from '../../terminal/text-table.ts'
import type { CompareResult } from './compare-result.ts'
import type { LabelledVariants } from './summed-variants.ts'

const GROUPED = new Intl.NumberFormat('en-GB')

export function printComparison(
  terminal: Terminal,
  result: CompareResult,
  { label }: LabelledVariants,
  { from, to }: DayRange,
): void {
  const paint = paintFor(terminal)
  const { metric, comparison, by, warnings, isTrusted, findings, notes } = result
  const { baseline, contrasts } = comparison
  for (const warning of warnings.map(printable)) print(terminal, isTrusted ? warning : paint('red', warning))
  if (warnings.length > 0) print(terminal, '')
  const units = by === 'buckets' ? `${BUCKETS} buckets of users` : 'user'
  print(terminal, `The ${metric.title} by ${printable(label)}, ${from} to ${to} (UTC), compared by ${units}:`)
  print(terminal, '')
  const heading = [label, 'searches', 'effective users', 'ratio', 'difference', '95 % interval', 'p', 'detectable']
  const contrastCells = (contrast: Contrast): string[] => {
    const { difference, adjustedP } = contrast
    if (difference === null || adjustedP === null) return summaryCells(contrast, metric)
    return [
      ...summaryCells(contrast, metric),
      `${signedText(difference.difference, metric)}${unitText(metric)}`,
      intervalText(difference, metric),
      pText(adjustedP),
      detectableText(difference, baseline.ratio, metric),
    ]
  }
  const rows = [[...summaryCells(baseline, metric), 'baseline'], ...contrasts.map(contrastCells)]
  const [first = '', ...lines] = columns([heading, ...rows]).split('\n')
  print(terminal, [paint('bold', first), ...lines].join('\n'))
  for (const sentences of [findings, notes]) {
    if (sentences.length > 0) print(terminal, ['', ...sentences.map(printable)].join('\n'))
  }
}

function summaryCells(
  { name, searches, effectiveUsers, ratio }: ComparedVariant,
  metric: CompareResult['metric'],
): string[] {
  return [name, GROUPED.format(searches), GROUPED.format(Math.floor(effectiveUsers)), ratioText(ratio, metric)]
}

export function comparisonJson(
  { metricName, comparison, by, split, users, warnings, isTrusted, findings, notes }: CompareResult,
  { label, leftOut }: LabelledVariants,
  { from, to }: DayRange,
): object {
  const { baseline, contrasts } = comparison
  return {
    label,
    metric: metricName,
    from,
    to,
    by,
    trusted: isTrusted,
    split:
      split === null
        ? null
        : {
            meant: split.meant,
            users: Object.fromEntries(split.users),
            chiSquare: split.check?.chiSquare ?? null,
            p: split.check?.p ?? null,
            bad: split.check?.isBad ?? null,
          },
    users,
    baseline: summaryJson(baseline),
    variants: contrasts.map(contrastJson),
    withoutVariant: leftOut,
    findings,
    notes: [...warnings, ...notes],
  }
}

function contrastJson(contrast: Contrast): object {
  const { finding, difference, adjustedP, adjustedPooledP } = contrast
  return {
    ...summaryJson(contrast),
    finding,
    difference: difference?.difference ?? null,
    low: difference?.low ?? null,
    high: difference?.high ?? null,
    p: difference?.p ?? null,
    adjustedP,
    adjustedPooledP,
    detectable: difference?.detectable ?? null,
    degreesOfFreedom: difference?.degreesOfFreedom ?? null,
  }
}

function summaryJson({ name, searches, effectiveUsers, ratio }: ComparedVariant): object {
  return { name, searches, effectiveUsers: Math.floor(effectiveUsers), ratio }
}
