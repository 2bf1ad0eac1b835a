// Counts the checked lines and their events, and prints the first problems.

import { counted } from '../../terminal/text-table.ts'
import { UserError } from '../../terminal/user-error.ts'
import type { CheckedLine } from './checked-lines.ts'

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
  add(line: number, checked: CheckedLine): void
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
  return {
    add: (line, { events, problems, withoutTime, ignored }) => {
      for (const { event, reason, detail } of problems) {
        const where = event === null ? `line ${line}` : `line ${line}, event ${event}`
        const sentence = `${where}: ${reason}: ${detail}`
        if (isStrict) throw new UserError(`${sentence}. Ingest would reject it.`)
        if (total.bad < PROBLEMS_PRINTED_MAX) note(sentence)
        total.bad++
        reasons[reason] = (reasons[reason] ?? 0) + 1
      }
      total.lines++
      total.events += events - problems.length
      total.withoutTime += withoutTime
      total.ignored += ignored
    },
    addTooLarge: (lines) => {
      if (lines === 0) return
      note(`${counted(lines, 'line')} not sent: too large for a record.`)
      total.bad += lines
      reasons['too-large'] = (reasons['too-large'] ?? 0) + lines
    },
    total: () => ({ ...total, reasons }),
    noteFindings: () => {
      if (total.bad > PROBLEMS_PRINTED_MAX) note(`... and ${total.bad - PROBLEMS_PRINTED_MAX} more.`)
      if (total.bad > 0)
        note(`${counted(total.bad, 'bad event')}: ingest would reject ${total.bad === 1 ? 'it' : 'them'}.`)
      if (total.ignored > 0) note(`${counted(total.ignored, 'document')} without an event.`)
      if (total.withoutTime > 0)
        note(
          `${counted(total.withoutTime, 'event')} without a time: sent again, ${total.withoutTime === 1 ? 'it counts' : 'they count'} again.`,
        )
    },
  }
}
