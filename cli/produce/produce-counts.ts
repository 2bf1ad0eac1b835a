// Counts the checked lines and their events, and prints the first problems.

import { counted } from '../../terminal/text-table.ts'
import { UserError } from '../../terminal/user-error.ts'
import type { CheckedLine } from './checked-lines.ts'
import { exampleText, lineText } from './log-findings.ts'

export interface ProduceTotal {
  readonly lines: number
  /** Good events. */
  readonly events: number
  readonly bad: number
  /** Numbers of bad events by reason. */
  readonly reasons: Readonly<Record<string, number>>
  readonly withoutTime: number
  /** Documents that hold no event. */
  readonly ignored: number
}

export interface ProduceCounts {
  /** Throws at the first problem if the counts are strict. */
  add(number: number, line: Buffer, checked: CheckedLine): void
  /**
   * Counts good lines that were not sent: with their partition keys they are too large for a
   * record.
   */
  addTooLarge(lines: number): void
  total(): ProduceTotal
  /** Prints what a person should know beside the counts. */
  noteFindings(): void
}

const PROBLEMS_PRINTED_MAX = 20

export function produceCounts(isStrict: boolean, note: (text: string) => void): ProduceCounts {
  const reasons: Record<string, number> = {}
  const total = { lines: 0, events: 0, bad: 0, withoutTime: 0, ignored: 0 }
  let printed = 0
  return {
    add: (number, line, { problems, good, ignored }) => {
      for (const { event, reason, detail } of problems) {
        const sentence = `${lineText(number, event)}: ${reason}: ${detail}`
        if (isStrict) throw new UserError(`${sentence}. Ingest would reject it.`)
        const isFirst = reasons[reason] === undefined
        if (isFirst) note(`${sentence}\n${exampleText(line)}`)
        else if (total.bad < PROBLEMS_PRINTED_MAX) note(sentence)
        if (isFirst || total.bad < PROBLEMS_PRINTED_MAX) printed++
        total.bad++
        reasons[reason] = (reasons[reason] ?? 0) + 1
      }
      total.lines++
      total.events += good.length
      total.withoutTime += good.filter(({ hasTime }) => !hasTime).length
      total.ignored += ignored.length
    },
    addTooLarge: (lines) => {
      if (lines === 0) return
      note(`${counted(lines, 'line')} not sent: too large for a record.`)
      printed += lines
      total.bad += lines
      reasons['too-large'] = (reasons['too-large'] ?? 0) + lines
    },
    total: () => ({ ...total, reasons }),
    noteFindings: () => {
      if (total.bad > printed) note(`... and ${total.bad - printed} more.`)
      const byReason = Object.entries(reasons).map(([reason, count]) => `${reason} ${count}`)
      if (total.bad > 0)
        note(
          `${counted(total.bad, 'bad event')} (${byReason.join(', ')}): ingest would reject ${total.bad === 1 ? 'it' : 'them'}.`,
        )
      if (total.withoutTime > 0)
        note(
          `${counted(total.withoutTime, 'event')} without a time: sent again, ${total.withoutTime === 1 ? 'it counts' : 'they count'} again.`,
        )
    },
  }
}
