// The account of what was produced: checked lines in, counts and the first problems in sentences out.

import { counted } from '../../terminal/text-table.ts'
import { UserError } from '../../terminal/user-error.ts'
import type { CheckedLine } from './checked-lines.ts'

export interface ProduceTotal {
  readonly lines: number
  /** Good ones. */
  readonly events: number
  readonly bad: number
  /** How many by reason. */
  readonly reasons: Readonly<Record<string, number>>
  readonly withoutTime: number
  /** Documents that say nothing that is counted. */
  readonly ignored: number
}

export interface ProduceCounts {
  /** Throws at the first problem where that is asked for. */
  add(line: number, checked: CheckedLine): void
  /** So many good lines were not sent after all: no record can hold them with their partition keys. */
  addTooLarge(lines: number): void
  total(): ProduceTotal
  /** Says what is to be known beside the counts. */
  tell(): void
}

const PROBLEMS_TOLD_MAX = 20

export function produceCounts(isStrict: boolean, note: (text: string) => void): ProduceCounts {
  const reasons: Record<string, number> = {}
  const total = { lines: 0, events: 0, bad: 0, withoutTime: 0, ignored: 0 }
  return {
    add: (line, { events, problems, withoutTime, ignored }) => {
      for (const { event, reason, detail } of problems) {
        const where = event === null ? `line ${line}` : `line ${line}, event ${event}`
        const sentence = `${where}: ${reason}: ${detail}`
        if (isStrict) throw new UserError(`${sentence}. Ingest would refuse it.`)
        if (total.bad < PROBLEMS_TOLD_MAX) note(sentence)
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
    tell: () => {
      if (total.bad > PROBLEMS_TOLD_MAX) note(`... and ${total.bad - PROBLEMS_TOLD_MAX} more.`)
      if (total.bad > 0)
        note(`${counted(total.bad, 'bad event')}: ingest would refuse ${total.bad === 1 ? 'it' : 'them'}.`)
      if (total.ignored > 0) note(`${counted(total.ignored, 'document')} of things that are not counted.`)
      if (total.withoutTime > 0)
        note(
          `${counted(total.withoutTime, 'event')} without a time: such happen when they arrive, and count again if sent again.`,
        )
    },
  }
}
