// Tests that a log is read up to its limits, with lines that hold no event.

import { expect, it } from 'vitest'
import { READ_MAX, readLoggedRecords } from '../../../cli/cost/logged-records.ts'
import { readPipelineSettings, rulesOf } from '../../../infra/read-settings.ts'

const RULES = rulesOf(readPipelineSettings({}))
const EVENT = '{"type":"AppOpen","user":"ann"}'
const IMPRESSION =
  '{"action_name":"impression","client_id":"ann","query_id":"q1","timestamp":"2026-03-02T09:00:00.000Z"}'

async function read(lines: readonly string[], max: Partial<Record<keyof typeof READ_MAX, number>>) {
  const source = {
    lines: async function* () {
      for (const [index, line] of lines.entries()) yield { number: index + 1, line: Buffer.from(line) }
    },
  }
  const { records, events, isPart } = await readLoggedRecords(source, RULES, 0, { ...READ_MAX, ...max })
  return { lines: records.length, events, isPart }
}

it.each([
  [{}, { lines: 4, events: 2, isPart: false }],
  [{ events: 1 }, { lines: 1, events: 1, isPart: true }],
  [{ lines: 3 }, { lines: 3, events: 1, isPart: true }],
  [{ bytes: EVENT.length + IMPRESSION.length }, { lines: 2, events: 1, isPart: true }],
])('reads a log up to %j', async (max, expected) => {
  expect(await read([EVENT, IMPRESSION, IMPRESSION, EVENT], max)).toEqual(expected)
})
