// Feeds a local pipeline the usual mistakes of producers, and checks that doctor names each.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXIT } from '../../terminal/exit-codes.ts'
import { objectsIn, type Running, start, typed } from '../support/typed.ts'

const USERS = 200
/** The replay and the drain of 600 events take half a minute, and minutes on a busy machine. */
const START_MS_MAX = 600_000
const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-drill-'))
let run: Running

const iso = (timeMs: number): string => new Date(timeMs).toISOString()

/** The events of one user, who searches and clicks five seconds later. */
function visit(n: number) {
  const startMs = Date.parse('2026-03-02T09:00:00Z') + n * 60_000
  const event = (id: string, atMs: number, fields: object) => ({
    user: `u${n}`,
    time: iso(startMs + atMs),
    eventId: `${n}-${id}`,
    ...fields,
  })
  const searchId = `s${n}`
  return {
    event,
    search: event('search', 0, { type: 'Search', searchId, query: 'dogs' }),
    results: event('results', 1000, { type: 'Results', searchId, items: ['rover', 'rex'] }),
    click: event('click', 5000, { type: 'ClickResult', searchId, item: 'rover' }),
  }
}

type Visit = ReturnType<typeof visit>

/** A tenth of the users makes each mistake. The others make none. */
const MISTAKES: readonly ((visit: Visit) => object[])[] = [
  // A tab stays open for longer than the gap.
  ({ search, results, click, event }) => [search, results, event('click', 45 * 60_000, { ...withoutTime(click) })],
  // The app sends AppClose at a tab switch.
  ({ search, results, click, event }) => [search, results, event('close', 4920, { type: 'AppClose' }), click],
  // A login changes the user.
  ({ search, results, click }) => [search, results, { ...click, user: `${click.user}@example.com` }],
  // The search is never sent.
  ({ search, results, click }) => [search, results, { ...click, searchId: `lost-${click.eventId}` }],
  // The times are epoch seconds.
  ({ search, results, click }) =>
    [search, results, click].map((one) => ({ ...one, time: Date.parse(one.time) / 1000 })),
  // A field is spelled in another way.
  ({ search, results, click }) => [search, results, renamed(click)],
  // A counter of ids begins anew.
  ({ search, results, click, event }) => [
    ...[search, results, click],
    { ...event('other', 60_000, { type: 'Search', query: 'cats' }), eventId: search.eventId },
  ],
  // A click is on no result of a search.
  ({ event }) => [
    event('open', 0, { type: 'AppOpen' }),
    event('banner', 2000, { type: 'ClickResult', item: 'banner' }),
  ],
  // The search lacks its query, so ingest rejects it.
  ({ search, results, click }) => [{ ...search, query: null }, results, click],
]

function withoutTime({ time: _, ...fields }: { readonly time: string }): object {
  return fields
}

function renamed({ searchId, ...fields }: Record<string, unknown>): object {
  return { ...fields, searchID: searchId }
}

function traffic(): object[] {
  return Array.from({ length: USERS }, (_, n) => {
    const one = visit(n)
    return MISTAKES[n % 10]?.(one) ?? [one.search, one.results, one.click]
  }).flat()
}

let messages: readonly string[]
let status: number | null

beforeAll(async () => {
  writeFileSync(
    join(folder, 'drill.ndjson'),
    traffic()
      .map((event) => `${JSON.stringify(event)}\n`)
      .join(''),
  )
  // It ends with a drain, which is a sweep that closes every session.
  const settings = process.env.SINGLE_WRITES === 'true' ? ['--setting', 'writes=single'] : []
  run = start(['local', '--events', 'drill.ndjson', '--keep', ...settings], { cwd: folder })
  await run.prints('search-session-ctr produce events.ndjson --local')
  const doctor = await typed(['doctor', '--local', '--json'], folder)
  status = doctor.status
  const wrong = objectsIn(doctor.stdout).filter((finding) => finding.status === 'wrong')
  messages = wrong.map(({ check, message, next }) => `${check}: ${message} -> ${next}`)
}, START_MS_MAX)

afterAll(async () => {
  run.interrupt()
  await run.ended
  rmSync(folder, { recursive: true, force: true })
})

describe('doctor, after one sweep', () => {
  it('fails', () => expect(status).toBe(EXIT.findings))

  it.each([
    [
      'the share of clicks without a search',
      /^orphan clicks: 120 of 180 clicks .*belong to no search: 100 search_elsew/,
    ],
    ['a tab that stays open', /sample of \d+: .* tab stayed open .*\(45 minutes\)\. Raise the setting gap/],
    ['AppClose at a tab switch', /AppClose ended .*\(80 ms\)\. Send AppClose only when the user leaves/],
    ['a user who changes with a login', /search is of another user, as after a login\. Send one user/],
    ['a search that is never sent', /no search with their searchId was found\. Send a Search/],
    ['clicks outside of results', /no searchId, and no search comes before them\. Send the searchId/],
    ['a search that ingest rejects', /ingest rejected their search\. Repair what 'dead letters' names/],
    ['the reason of that', /^dead letters: 20 missing-field .*query: required/],
    ['times in seconds', /^dead letters: 60 time-implausible .*looks like epoch seconds; send epoch milliseconds/],
    ['an id that several events share', /^dead letters: 20 id-reused .*Send a new eventId/],
    [
      'a field by another name',
      /^field names: .*'searchID', but \d+ of a sample of \d+ events.*ClickResult.*Rename it to 'searchId'/,
    ],
  ])('names %s', (_, text) => expect(messages.join('\n')).toMatch(new RegExp(text, 'm')))

  it('names nothing else', () => expect(messages, messages.join('\n')).toHaveLength(11))

  it('names the heading of the page that has what to do', () => {
    const page = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8')
    for (const message of messages) expect(page).toContain(`\n## ${message.split('troubleshooting.md, ')[1]}\n`)
  })
})
