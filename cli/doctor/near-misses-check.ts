// Finds fields in a sample of the stream that ingest does not read, although their names are nearly
// ours (E5).

import { type FieldName, nearMisses } from '../../functions/domain/events/field-names.ts'
import { type Fields, isFields } from '../../functions/domain/events/rejection.ts'
import { counted } from '../../terminal/text-table.ts'
import { type Finding, ok, wrong } from './finding.ts'

const CHECK = 'field names'
const FINDINGS_MAX = 5
const EXAMPLE_CHARACTERS_MAX = 60

interface FoundName {
  readonly meant: FieldName
  readonly example: string
  count: number
}

/**
 * Makes a finding for each name. A name beside the field that it resembles is right: producers add
 * fields of their own.
 */
export function nearMissFindings(events: readonly unknown[]): Finding[] {
  const found = new Map<string, FoundName>()
  for (const event of events) {
    for (const { name, meant } of nearMisses(event)) {
      if (!isFields(event) || (event[meant] ?? null) !== null) continue
      const known = found.get(name)
      if (known === undefined) found.set(name, { meant, example: exampleOf(event, name), count: 1 })
      else known.count++
    }
  }
  const sample = `a sample of ${counted(events.length, 'event')}`
  if (found.size === 0) return [ok(CHECK, `no near miss in ${sample}`)]
  const frequent = [...found].sort(([, a], [, b]) => b.count - a.count).slice(0, FINDINGS_MAX)
  return frequent.map(([name, { meant, example, count }]) => {
    const message =
      `ingest does not read '${name}', but ${count} of ${sample} have it and no '${meant}', for example ` +
      `${example}. Rename it to '${meant}'.`
    return wrong(CHECK, message, 'docs/troubleshooting.md, A field is not read')
  })
}

/** Shows the type and the field alone, since other fields may be personal. */
function exampleOf(event: Fields, name: string): string {
  const text = JSON.stringify({ type: event.type, [name]: event[name] })
  return text.length > EXAMPLE_CHARACTERS_MAX ? `${text.slice(0, EXAMPLE_CHARACTERS_MAX)}...` : text
}
