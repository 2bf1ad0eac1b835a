// Collects what a person should know of a log: rejected and ignored events, near misses, and times.

import { DAY_MS } from '../../functions/domain/durations.ts'
import type { NearMiss } from '../../functions/domain/events/field-names.ts'
import type { IgnoredReason } from '../../functions/domain/events/formats/ubi.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import { note } from '../../terminal/output.ts'
import type { Progress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { counted, printable, shortened } from '../../terminal/text-table.ts'
import type { CheckedLine, LineError } from './checked-lines.ts'
import { lateEventsCheck } from './late-events.ts'

export interface LogFindings {
  add(number: number, line: Buffer, checked: CheckedLine): void
  /** Reports what spoils the results as a whole: late events, and a log without times. */
  noteTimes(): void
  /** Reports each reason of a rejection, with the first line of it. */
  noteRejected(): void
  /** Reports fields and documents that ingest ignores, each name and reason with its first line. */
  noteIgnored(): void
  ignored(): Readonly<Partial<Record<IgnoredReason, number>>>
}

export interface FindingsOptions {
  readonly rules: Rules
  readonly nowMs: number
  /** Completes `Add --sort ..., or ...` with how to set `amendFor` to the value. */
  readonly amendForText: (value: string) => string
  readonly terminal: Terminal
  readonly progress: Progress
}

interface Found {
  count: number
  readonly firstLine: number
  /** The first line with it, shortened. */
  readonly example: string
  readonly detail: string
}

/** A log may have any number of names that resemble ours. */
const NEAR_MISSES_MAX = 20
const EXAMPLE_WIDTH = 110
/** After so many events without a usable time, the log has none. */
const EVENTS_WITHOUT_TIME = 1000
/** The largest `amendFor`. */
const AMEND_FOR_DAYS_MAX = 30

export function logFindings({ rules, nowMs, amendForText, terminal, progress }: FindingsOptions): LogFindings {
  const late = lateEventsCheck(rules, nowMs)
  const rejected = new Map<string, Found>()
  const misses = new Map<string, Found>()
  const ignored = new Map<IgnoredReason, Found>()
  let [events, withTime, withoutTime] = [0, 0, 0]
  let timeError: string | null = null
  let isTimeNoted = false

  const report = (text: string): void => {
    progress.clear()
    note(terminal, text)
  }
  const noteMissingTimes = (): void => {
    if (isTimeNoted || withTime > 0 || withoutTime === 0) return
    isTimeNoted = true
    const why = timeError ?? 'ingest takes them for events of the moment at which they arrive.'
    const none =
      withoutTime < EVENTS_WITHOUT_TIME ? 'No event of the log' : `No event of the first ${EVENTS_WITHOUT_TIME}`
    report(`${none} has a usable time: ${why}`)
  }
  const addProblem = (number: number, line: Buffer, { event, reason, detail }: LineError): void => {
    count(rejected, reason, number, line, detail)
    if (reason !== 'time-implausible' && !/^time(stamp)?: /.test(detail)) return
    withoutTime++
    timeError ??= `${lineText(number, event)}: ${detail}`
  }
  return {
    add: (number, line, checked) => {
      for (const problem of checked.problems) addProblem(number, line, problem)
      for (const good of checked.good) {
        if (good.hasTime) withTime++
        else withoutTime++
        late.add(number, good)
      }
      events += checked.events
      for (const reason of checked.ignored) count(ignored, reason, number, line, '')
      for (const { name, meant } of checked.nearMisses)
        if (misses.has(name) || misses.size < NEAR_MISSES_MAX) count(misses, name, number, line, hintOf(meant))
      if (withoutTime >= EVENTS_WITHOUT_TIME) noteMissingTimes()
    },
    noteTimes: () => {
      noteMissingTimes()
      const found = late.found()
      if (found === null) return
      const days = Math.ceil(found.behindMaxMs / DAY_MS)
      const isAmendable = rules.lateEvents === 'amend' && days <= AMEND_FOR_DAYS_MAX
      const wider = isAmendable ? `, or ${amendForText(`${days}d`)}` : ''
      report(
        `The log is not in the order of time: ingest would reject ${found.count} of ${counted(events, 'event')} as ` +
          `${rules.lateEvents === 'amend' ? 'too-late' : 'late'}, the first in line ${found.firstLine}. ` +
          `Add --sort to send it in the order of time${wider}.`,
      )
    },
    noteRejected: () => {
      for (const [reason, { count, firstLine, example, detail }] of rejected)
        report(`line ${firstLine}: ${reason} (${counted(count, 'event')}): ${detail}\n${example}`)
    },
    noteIgnored: () => {
      for (const [name, { count, firstLine, example, detail }] of misses)
        report(
          `line ${firstLine}: near miss (${counted(count, 'event')}): ingest ignores '${printable(name)}'; ${detail}\n${example}`,
        )
      for (const [reason, { count, firstLine, example }] of ignored)
        report(`line ${firstLine}: ignored (${counted(count, 'document')}): ${reason}\n${example}`)
    },
    ignored: () => Object.fromEntries([...ignored].map(([reason, { count }]) => [reason, count])),
  }
}

function hintOf(meant: NearMiss['meant']): string {
  if (meant !== 'ubiOrdinalsFrom') return `is ${meant} meant?`
  return 'set ubiOrdinalsFrom, such as shop=0, if the application counts from 0'
}

function count<K>(found: Map<K, Found>, key: K, firstLine: number, line: Buffer, detail: string): void {
  const before = found.get(key)
  if (before !== undefined) before.count++
  else found.set(key, { count: 1, firstLine, example: exampleText(line), detail })
}

export function lineText(number: number, event: number | null): string {
  return event === null ? `line ${number}` : `line ${number}, event ${event}`
}

/** The beginning of a line, indented below the sentence that it is an example of. */
export function exampleText(line: Buffer): string {
  const text = line
    .subarray(0, EXAMPLE_WIDTH * 4)
    .toString('utf8')
    .replace(/\s+/g, ' ')
  return `    ${shortened(printable(text), EXAMPLE_WIDTH)}`
}
