// Checks that no output depends on the time zone of the machine.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { typed } from '../support/typed.ts'

const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-zones-'))
const { TZ: zone } = process.env
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
})

const LOG = [
  '{"type":"Search","user":"ann","time":"2026-03-08T23:59:59.500Z","eventId":"e1","query":"dogs"}',
  '{"type":"Results","user":"ann","time":"2026-03-09T00:00:00Z","eventId":"e2","items":["fido","rover"]}',
  '{"type":"ClickResult","user":"ann","time":"2026-03-09T00:00:01+14:00","eventId":"e3","item":"fido"}',
  '{"type":"Search","user":"ben","time":"2026-03-08 03:30:00-02:30","eventId":"e4","query":"cats"}',
]

/** Returns all that some commands print and write in the zone. */
async function outputsIn(name: string): Promise<string[]> {
  process.env.TZ = name
  const out = join(folder, name.replace('/', '-'))
  const generated = await typed(['generate', '--users', '3'], folder)
  const summarized = await typed(['local', '--events', 'log.ndjson', '--memory', '--out', out], folder)
  const checked = await typed(['produce', 'log.ndjson', '--dry-run'], folder)
  const files = ['summary.json', 'results.ndjson'].map((file) => readFileSync(join(out, file), 'utf8'))
  return [...[generated, summarized, checked].flatMap(({ stdout, stderr }) => [stdout, stderr]), ...files]
}

it('the time zone of the machine changes no output', async () => {
  writeFileSync(join(folder, 'log.ndjson'), LOG.join('\n'))
  const expected = await outputsIn('UTC')
  // One is 14 hours ahead of UTC, the other two and a half hours behind it in summer.
  for (const name of ['Pacific/Kiritimati', 'America/St_Johns']) {
    expect(await outputsIn(name)).toEqual(expected)
    expect(new Date(0).getTimezoneOffset()).not.toBe(0)
  }
})
