// Tests `cost`: what it prints of a log, and what it refuses.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { standardSession } from '../../../bench/standard-session.ts'
import { EXIT } from '../../../terminal/exit-codes.ts'
import { typed } from '../../support/typed.ts'

const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-cost-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const SESSIONS = 12
const START_MS = Date.parse('2026-03-02T09:00:00Z')
const LOG = Array.from({ length: SESSIONS }, (_, n) => standardSession(`user ${n}`, START_MS + n * 20_000)).flat()

const write = (name: string, lines: readonly string[]): string => {
  writeFileSync(join(folder, name), lines.map((line) => `${line}\n`).join(''))
  return name
}
const log = write(
  'events.ndjson',
  LOG.map((event) => JSON.stringify(event)),
)

describe('cost', () => {
  it('prints each part of the month, the choices of settings, and managed Flink', async () => {
    const { status, stdout } = await typed(['cost', log, '--rate', '20'], folder)
    expect(status).toBe(EXIT.done)
    expect(stdout).toContain('120 events of 12 users, replayed as at 20 events a second (52,560,000 a month)')
    for (const part of ['sessions, written', 'index by hour', 'reads', 'stream', 'Lambda', 'CloudWatch alarms'])
      expect(stdout).toMatch(new RegExp(`^${part}.*\\$\\d`, 'm'))
    expect(stdout.match(/\(the settings given\)/g)).toHaveLength(1)
    expect(stdout).toMatch(/^Cheapest: .*tableBilling=provisioned/m)
    expect(stdout).toMatch(/^Managed Flink: \$\d/m)
  })

  it('prints the same as JSON, whose parts add up', async () => {
    const { stdout } = await typed(['cost', log, '--rate', '20', '--setting', 'batchWindow=30s', '--json'], folder)
    const printed = JSON.parse(stdout)
    expect(printed.log).toMatchObject({ events: 120, users: SESSIONS, accepted: 120 })
    expect(printed.month.waitSeconds).toBe(30)
    const { total, ...parts } = printed.month.dollars
    expect(Object.values<number>(parts).reduce((a, b) => a + b)).toBeCloseTo(total, 1)
    expect(printed.choices[0].dollars).toBeLessThanOrEqual(total)
    expect(printed.choices.map(({ dollars }: { dollars: number }) => dollars)).toContain(total)
  })

  it('reports how the records of a log without times arrive, and accepts equal ones', async () => {
    const open = write('timeless.ndjson', Array<string>(3).fill('{"type":"AppOpen","user":"ann"}'))
    const { status, stdout, stderr } = await typed(['cost', open, '--rate', '1', '--json'], folder)
    expect(status).toBe(EXIT.done)
    expect(stderr).toBe('No event of the log has a time, so each record arrives a millisecond after the one before.\n')
    expect(JSON.parse(stdout).log).toMatchObject({ events: 3, accepted: 3 })
  })

  it('notes how many events ingest rejects', async () => {
    const lines = [...LOG.map((event) => JSON.stringify(event)), '{"type":"Search"}', '{']
    const { status, stderr } = await typed(['cost', write('half.ndjson', lines), '--rate', '20', '--json'], folder)
    expect(status).toBe(EXIT.done)
    expect(stderr).toMatch(/^Ingest rejects 2 of 122 events, which cost little: '.* half.ndjson --dry-run' names each/)
  })

  it('counts the events of a user in a batch without the lines that hold none', async () => {
    const impression = '{"action_name":"impression","client_id":"ann","query_id":"q1"}'
    const open = '{"type":"AppOpen","user":"ann","time":"2026-03-02T09:00:00Z"}'
    const mixed = write('mixed.ndjson', [open, ...Array<string>(9).fill(impression)])
    const { stdout } = await typed(['cost', mixed, '--rate', '1', '--json'], folder)
    expect(JSON.parse(stdout).month.eventsAUserAndBatch).toBe(1)
  })

  it('ends with findings where no event is good', async () => {
    const empty = await typed(['cost', write('empty.ndjson', []), '--rate', '1'], folder)
    expect(empty).toMatchObject({ status: EXIT.findings, stdout: '' })
    expect(empty.stderr).toContain('empty.ndjson is empty: it holds no event.')
    const bad = await typed(['cost', write('bad.ndjson', ['{"type":"Search"}', '{"type":"x"}']), '--rate', '1'], folder)
    expect(bad).toMatchObject({ status: EXIT.findings, stdout: '' })
    expect(bad.stderr).toContain('None of 2 events is good.')
  })

  it.each([
    [['cost'], 'a log is missing (- for standard input)'],
    [['cost', log], '--rate is missing'],
    [['cost', log, '--rate', '0'], 'Expected a number from 0.01 to 20000.'],
    [['cost', log, '--rate', '30000'], 'Expected a number from 0.01 to 20000.'],
    [['cost', log, '--rate', '1', '--setting', 'gapp=1m'], "setting 'gapp' does not exist (did you mean gap?)"],
    [['cost', log, '--rate', '1', '--setting', 'kmsKeyArn=key'], "setting kmsKeyArn: 'key' is not"],
    [['cost', log, '--rate', '1', '--setting', 'gap=soon'], "setting gap: 'soon' is not a duration"],
  ])('refuses %j', async (args, message) => {
    const { status, stderr } = await typed(args, folder)
    expect(status).toBe(EXIT.wrongUsage)
    expect(stderr).toContain(message)
  })

  it('names a file that is not there', async () => {
    const { status, stderr } = await typed(['cost', 'missing.ndjson', '--rate', '1'], folder)
    expect(status).toBe(EXIT.failed)
    expect(stderr).toContain('missing.ndjson: there is no such file')
  })
})
