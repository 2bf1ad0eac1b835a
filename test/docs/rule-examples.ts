// Runs an example of docs/rules.md through ingest, sweep and finalize, and reports what came of it.

import { ratioText } from '../../compare/comparison-text.ts'
import { COMPARED_METRICS } from '../../compare/metric.ts'
import { ratioOf, sumOf } from '../../compare/observations.ts'
import { comparedByBuckets, sumVariants } from '../../compare/variants.ts'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { MINUTE_MS } from '../../functions/domain/durations.ts'
import { decodeEvent } from '../../functions/domain/events/decode.ts'
import { compareEvents, type Labels } from '../../functions/domain/events/event.ts'
import { isoTime } from '../../functions/domain/events/time.ts'
import type { ResultRow } from '../../functions/domain/results/result.ts'
import { dayRollup, hourOf as hourOfRow, hourRollup, hoursOf, sumRows } from '../../functions/domain/results/rollup.ts'
import { SegmentSums } from '../../functions/domain/results/segment-sums.ts'
import { watermark } from '../../functions/domain/sessions/clock.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import { firstEvent, type Session, sessionId } from '../../functions/domain/sessions/session.ts'
import { NEW_USER } from '../../functions/domain/sessions/user-state.ts'
import type { IngestReport } from '../../functions/ingest/ingest.ts'
import { readPipelineSettings, rowRulesOf, rulesOf } from '../../infra/read-settings.ts'
import { record } from '../support/events.ts'
import { type MemoryPipeline, memoryPipeline } from '../support/pipeline.ts'
import type { Rule, Table } from './rule-page.ts'

const DAY = '2026-03-02'
const USER = 'ann'
const SEGMENT_VALUES_MAX = 50

/** One row of an example's first table. */
export interface Step {
  readonly name: string
  /** When the event arrives, or when the sweep or the drain runs. */
  readonly atMs: number
  /** `horizonMs` is the arrival time up to which every shard is read. */
  readonly action: { readonly kind: 'sweep' | 'drain'; readonly horizonMs: number } | Sending
}

interface Sending {
  readonly kind: 'send'
  readonly payload: string
  readonly user: string
  /** Null where the payload is no event. */
  readonly eventId: string | null
}

interface Shown {
  readonly name: string
  readonly session: Session
  readonly values: Readonly<Record<string, unknown>>
}

/** The sessions, rows and reports that an example led to. */
export interface ExampleRun {
  /** The outcome's cells for the same columns and first column as `expected`. */
  outcome(expected: Table): Readonly<Record<string, string>>[]
}

export function stepsOf(rule: Rule): Step[] {
  const steps = rule.events.rows.map((row) => stepOf(row, rulesOfRule(rule)))
  if (steps.some(({ action }) => action.kind !== 'send')) return steps
  const atMs = Math.max(...steps.map((step) => step.atMs))
  return [...steps, { name: 'drain', atMs, action: { kind: 'drain', horizonMs: atMs } }]
}

/** The settings of the deployment, with those that the example changes. */
function rulesOfRule({ settings }: Rule): Rules {
  return rulesOf(readPipelineSettings(settings))
}

function stepOf(row: Readonly<Record<string, string>>, rules: Rules): Step {
  const { event: name = '', time = '-', arrives = '', type = '', fields = '' } = row
  const atMs = timeOf(arrives === '' ? time : arrives)
  if (type === 'sweep' || type === 'drain') {
    const upTo = /read up to (.+)$/.exec(fields)?.[1]
    return { name, atMs, action: { kind: type, horizonMs: upTo === undefined ? atMs : timeOf(upTo) } }
  }
  if (type === '(raw)') return { name, atMs, action: { kind: 'send', payload: fields, user: USER, eventId: null } }
  const sentTime = time === '-' ? {} : { time: isoTime(timeOf(time)) }
  const sent = { type, user: USER, eventId: name, ...sentTime, ...JSON.parse(`{${fields}}`) }
  const decoded = decodeEvent(sent, atMs, rules, sha256)
  const eventId = decoded.ok ? decoded.event.eventId : null
  return { name, atMs, action: { kind: 'send', payload: JSON.stringify(sent), user: String(sent.user), eventId } }
}

/** `10:00`, `10:00:05` or `10:00:05.250`, of the examples' day unless a date comes before it. */
function timeOf(text: string): number {
  const [clock = '', date = DAY] = text.split(' ').reverse()
  const timeMs = Date.parse(`${date}T${clock.length === 5 ? `${clock}:00` : clock}Z`)
  if (Number.isNaN(timeMs)) throw new Error(`no time: ${text}`)
  return timeMs
}

export async function runExample(rule: Rule, steps: readonly Step[]): Promise<ExampleRun> {
  const rules = rulesOfRule(rule)
  let horizonMs = 0
  const rowRules = rowRulesOf(readPipelineSettings(rule.settings))
  const pipeline = memoryPipeline(rules, () => horizonMs, undefined, rowRules)
  const reports = new Map<string, string>()
  const clocks = new Map<string, Readonly<Record<string, string>>>()
  const closedBy = new Map<string, string>()
  for (const { name, atMs, action } of steps) {
    if (action.kind === 'send') {
      reports.set(name, reportOf(await pipeline.ingest([record(action.payload, atMs)], atMs)))
      clocks.set(name, clockOf(pipeline, action.user, atMs, rules))
    } else {
      horizonMs = action.horizonMs
      const { failed } = await pipeline.sweep(atMs, action.kind === 'drain')
      if (failed !== null) throw failed.cause
    }
    for (const { id, after } of pipeline.changes) if (after !== null) closedBy.set(id, name)
    await pipeline.finalizeAll(atMs)
  }
  const rows = [...pipeline.results.rows.values()]
  const names = namesOf(steps)
  const shown = sessionsOf(pipeline, rows, closedBy, names)
  return {
    outcome: (expected) => {
      const about = expected.columns[0] as string
      const valuesOf = expected.rows.map((row) => row[about] as string)
      if (about === 'event') return valuesOf.map((name) => cells(expected, { event: name, outcome: reports.get(name) }))
      if (about === 'after') return valuesOf.map((name) => cells(expected, { after: name, ...clocks.get(name) }))
      if (about === 'session') return shown.map(({ name, values }) => cells(expected, { ...values, session: name }))
      if (about === 'variant') return variantsOf(rows).map((values) => cells(expected, values))
      if (about === 'search') return searchesOf(rows, names).map((values) => cells(expected, values))
      if (about === 'hour' || about === 'day')
        return valuesOf.map((at) => cells(expected, { ...sumsOf(rows, at), [about]: at }))
      if (about === 'segment')
        return valuesOf.map((name) => cells(expected, { ...segmentOf(rows, name), segment: name }))
      throw new Error(`no outcome is about: ${about}`)
    },
  }
}

function cells({ columns }: Table, values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(columns.map((name) => [name, String(values[name])]))
}

function reportOf({ accepted, duplicates, rejected, failed }: IngestReport): string {
  if (failed !== null) throw failed.cause
  const [reason] = Object.keys(rejected)
  if (reason !== undefined) return `rejected: ${reason}`
  if (duplicates > 0) return 'duplicate'
  return accepted > 0 ? 'accepted' : 'ignored'
}

function clockOf(pipeline: MemoryPipeline, user: string, nowMs: number, rules: Rules): Record<string, string> {
  const { skewMs } = pipeline.sessions.states.get(user) ?? NEW_USER
  if (skewMs === null) return {}
  const clock = isoTime(watermark(nowMs, skewMs, rules)).slice('2026-03-02T'.length, -'.000Z'.length)
  return { skew: `${skewMs / MINUTE_MS} min`, watermark: clock }
}

/** The name of the row that first sent each event id. */
function namesOf(steps: readonly Step[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const { name, action } of steps) {
    if (action.kind !== 'send' || action.eventId === null || names.has(action.eventId)) continue
    names.set(action.eventId, name)
  }
  return names
}

/** Open and closed sessions by their start, with all that a column may ask of them. */
function sessionsOf(
  { sessions }: MemoryPipeline,
  rows: readonly ResultRow[],
  closedBy: ReadonlyMap<string, string>,
  names: ReadonlyMap<string, string>,
): Shown[] {
  const open = [...sessions.states.values()].flatMap((state) => state.open)
  const openIds = new Set(open.flatMap(({ ids }) => ids))
  const closed = [...sessions.closed.values()].flatMap((stored) => stored.closed ?? [])
  const stillClosed = closed.filter(({ session }) => !openIds.has(sessionId(session)))
  const shownOf = (session: Session, values: Readonly<Record<string, unknown>>): Shown => {
    const own = rows.filter((row) => row.session_id === sessionId(session))
    const row = own.find(({ kind }) => kind !== 'search')
    const known = { session_id: sessionId(session), continues_session_id: session.continues, rows: own.length }
    const name = session.events.map(({ eventId }) => names.get(eventId) ?? eventId).join(', ')
    return { name, session, values: { ...row, ...known, ...values } }
  }
  return [
    ...open.map((session) => shownOf(session, { 'closed by': 'none' })),
    ...stillClosed.map(({ session, reason }) => {
      return shownOf(session, { close_reason: reason, 'closed by': closedBy.get(sessionId(session)) })
    }),
  ].sort((a, b) => compareEvents(firstEvent(a.session), firstEvent(b.session)))
}

function searchesOf(rows: readonly ResultRow[], names: ReadonlyMap<string, string>): Record<string, unknown>[] {
  const searches = rows.filter((row) => row.kind === 'search').sort((a, b) => (a.time < b.time ? -1 : 1))
  return searches.map((row) => ({ ...row, labels: labelsText(row.labels), search: names.get(row.event_id) }))
}

function variantsOf(rows: readonly ResultRow[]): Record<string, unknown>[] {
  const sums = new SegmentSums(['variant'], sha256)
  for (const row of rows) sums.add(row)
  const { variants } = sumVariants(sums.all(50).map(({ values }) => values))
  return variants.map((variant) => {
    const { searches, observations } = comparedByBuckets(variant, COMPARED_METRICS.ctr)
    return {
      variant: variant.name,
      searches,
      searches_with_click: sumOf(observations.numerators),
      buckets: observations.denominators.filter((count) => count > 0).length,
      ctr: ratioText(ratioOf(observations), COMPARED_METRICS.ctr),
    }
  })
}

function labelsText(labels: Labels = {}): string {
  const texts = Object.entries(labels).map(([name, value]) => `${name}: ${value}`)
  return texts.length === 0 ? 'none' : texts.join(', ')
}

/** @param at an hour (`2026-03-02T10`) or a day (`2026-03-02`). */
function sumsOf(rows: readonly ResultRow[], at: string): Readonly<Record<string, unknown>> {
  const hour = (name: string) => hourRollup(name, sumRows(rows.filter((row) => hourOfRow(row) === name)))
  return at.length === DAY.length ? { ...dayRollup(at, hoursOf(at).map(hour)) } : { ...hour(at) }
}

/** @param name such as `variant: A`. */
function segmentOf(rows: readonly ResultRow[], name: string): Readonly<Record<string, unknown>> {
  const [label = '', value] = name.split(': ')
  const sums = new SegmentSums([label], sha256)
  for (const row of rows) sums.add(row)
  return sums.all(SEGMENT_VALUES_MAX)[0]?.values.find((sum) => sum.value === value)?.counts ?? {}
}
