// Finds fields in a sample of the stream that ingest does not read, although their names are nearly
// ours (E5).

import { type NearMiss, nearMisses } from '../../functions/domain/events/field-names.ts'
import { type Fields, isFields } from '../../functions/domain/events/rejection.ts'
import { counted } from '../../terminal/text-table.ts'
import { type Finding, ok, wrong } from './finding.ts'

const CHECK = 'field names'
const FINDINGS_MAX = 5
const EXAMPLE_CHARACTERS_MAX = 60

interface FoundName {
  readonly meant: NearMiss['meant']
  readonly example: string
  count: number
}

/**
 * Makes a finding for each name. A name beside the field that it resembles is right: producers add
 * fields of their own.
 */
export function nearMissFindings(events: readonly unknown[], ubiOrdinalsFrom?: string): Finding[] {
  const found = new Map<string, FoundName>()
  for (const event of events) {
    for (const miss of nearMisses(event, ubiOrdinalsFrom)) {
      const { name, meant } = miss
      if (!isFields(event) || (event[meant] ?? null) !== null) continue
      const known = found.get(name)
      if (known === undefined) found.set(name, { meant, example: exampleOf(event, miss), count: 1 })
      else known.count++
    }
  }
  const sample = `a sample of ${counted(events.length, 'event')}`
  if (found.size === 0) return [ok(CHECK, `no near miss in ${sample}`)]
  const frequent = [...found].sort(([, a], [, b]) => b.count - a.count).slice(0, FINDINGS_MAX)
  return frequent.map(([name, { meant, example, count }]) => {
    if (meant === 'ubiOrdinalsFrom') return ordinalFinding(count, sample, example)
    const message =
      `ingest does not read '${name}', but ${count} of ${sample} have it and no '${meant}', for example ` +
      `${example}. Rename it to '${meant}'.`
    return wrong(CHECK, message, 'docs/troubleshooting.md, A field is not read')
  })
}

function ordinalFinding(count: number, sample: string, example: string): Finding {
  const message =
    `${count} of ${sample} have the UBI ordinal 0, but they count from 1 by ubiOrdinalsFrom, for example ${example}. ` +
    'Set it to application=0, or to 0 for all.'
  return wrong(CHECK, message, 'docs/producers.md, OpenSearch UBI')
}

/** Shows the type and the field alone, since other fields may be personal. */
function exampleOf(event: Fields, { name, meant }: NearMiss): string {
  const { type, ubiApplication } = event
  const text = JSON.stringify(meant === 'ubiOrdinalsFrom' ? { type, ubiApplication } : { type, [name]: event[name] })
  return text.length > EXAMPLE_CHARACTERS_MAX ? `${text.slice(0, EXAMPLE_CHARACTERS_MAX)}...` : text
}
