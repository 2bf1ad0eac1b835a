// Fills the tables of open sessions, closed sessions, events and rows.

import { element, svgElement } from '../../report/browser/elements.ts'
import { clockText, countOf, dayText, reasonText, resultsText, spanText } from '../../report/browser/session-text.ts'
import type { ClosedEntry, OpenSession, ShownEvent, ShownRow, WatchFrame } from '../watch-frame.ts'
import { keyedRows } from './keyed-rows.ts'

export interface LiveTables {
  show(frame: WatchFrame): void
  /** @param nowMs the pipeline's clock. */
  showTimers(nowMs: number): void
}

/** @param open opens the timeline of a session by its number. */
export function liveTables(open: (session: number) => void): LiveTables {
  const timers = new Map<HTMLTableRowElement, OpenSession>()
  let waitMs = 1
  const openRows = keyedRows<OpenSession>(bodyOf('open'), {
    number: ({ number }) => number,
    make: (session) => {
      const row = sessionRow(session, open, timerCell())
      timers.set(row, session)
      return row
    },
    update: (row, session) => {
      timers.set(row, session)
      updateSession(row, session)
    },
  })
  const closedRows = keyedRows<ClosedEntry>(bodyOf('closed'), {
    number: ({ number }) => number,
    make: (session) => sessionRow(session, open, element('td', {}, reasonText(session.reason))),
    update: (row, session) => {
      updateSession(row, session)
      setText(row.cells[2], reasonText(session.reason))
    },
  })
  const eventRows = keyedRows<ShownEvent>(bodyOf('events'), {
    number: ({ number }) => number,
    make: (event) => eventRow(event, open),
    update: () => {},
  })
  const writtenRows = keyedRows<ShownRow>(bodyOf('rows'), {
    number: ({ number }) => number,
    make: (row) => writtenRow(row, open),
    update: () => {},
  })
  return {
    show: (frame) => {
      waitMs = frame.waitMs
      const wait = `A session closes when its user sends nothing for ${spanText(waitMs)}, the gap and the lateness.`
      setText(document.getElementById('open-text'), wait)
      openRows(frame.open)
      closedRows(frame.closed)
      eventRows(frame.events)
      writtenRows(frame.rows)
      for (const row of timers.keys()) if (!row.isConnected) timers.delete(row)
      for (const name of ['open', 'closed', 'events', 'rows'] as const) {
        const nothing = document.getElementById(`${name}-none`)
        if (nothing !== null) nothing.hidden = frame[name].length > 0
      }
    },
    showTimers: (nowMs) => {
      for (const [row, { dueMs }] of timers) {
        const leftMs = Math.max(0, dueMs - nowMs)
        setText(row.querySelector('.left-text'), leftText(leftMs))
        const width = Math.min(100, (leftMs / waitMs) * 100).toFixed(1)
        row.querySelector('.left')?.setAttribute('width', width)
      }
    },
  }
}

function bodyOf(table: string): HTMLElement {
  const body = document.querySelector<HTMLElement>(`#${table} tbody`)
  if (body === null) throw new Error(`the page has no table ${table}`)
  return body
}

const MINUTE_SECONDS = 60
const HOUR_SECONDS = 3600

/** Shows seconds too, so that a reader sees the timer run. */
function leftText(leftMs: number): string {
  if (leftMs === 0) return 'due, at the next sweep'
  const seconds = Math.ceil(leftMs / 1000)
  const twoDigits = (value: number): string => String(value).padStart(2, '0')
  const short = `${Math.floor((seconds % HOUR_SECONDS) / MINUTE_SECONDS)}`
  const end = twoDigits(seconds % MINUTE_SECONDS)
  if (seconds < HOUR_SECONDS) return `${short}:${end} min`
  return `${Math.floor(seconds / HOUR_SECONDS)}:${short.padStart(2, '0')}:${end} h`
}

function timerCell(): HTMLTableCellElement {
  const box = { x: 0, y: 0, height: 6 }
  const bar = svgElement(
    'svg',
    { viewBox: '0 0 100 6', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svgElement('rect', { class: 'whole', width: 100, ...box }),
    svgElement('rect', { class: 'left', width: 100, ...box }),
  )
  return element('td', { class: 'timer' }, element('span', { class: 'left-text' }), bar)
}

type Entry = OpenSession | ClosedEntry

function sessionRow(session: Entry, open: (session: number) => void, last: HTMLElement): HTMLTableRowElement {
  return element(
    'tr',
    {},
    element(
      'th',
      { scope: 'row' },
      opener(session.user, session.number, open),
      element('span', { class: 'query' }, queryText(session)),
    ),
    element('td', { class: 'number' }, String(session.events)),
    last,
  )
}

function updateSession(row: HTMLTableRowElement, session: Entry): void {
  setText(row.querySelector('.query'), queryText(session))
  setText(row.cells[1], String(session.events))
}

function queryText({ query, searches }: Entry): string {
  if (query === null) return 'no search yet'
  return searches > 1 ? `“${query}” and ${countOf(searches - 1, 'search', 'searches')} before` : `“${query}”`
}

function opener(text: string, session: number, open: (session: number) => void): HTMLButtonElement {
  const button = element('button', { type: 'button', class: 'opener' }, text === '' ? '(empty)' : text)
  button.addEventListener('click', () => open(session))
  return button
}

function eventRow(event: ShownEvent, open: (session: number) => void): HTMLTableRowElement {
  return element(
    'tr',
    {},
    timeCell(event.timeMs),
    element('th', { scope: 'row' }, opener(event.user, event.session, open)),
    element('td', {}, eventText(event)),
  )
}

function eventText({ type, text }: ShownEvent): string {
  if (type === 'Search') return `searches for “${text}”`
  if (type === 'Results') return `gets ${resultsText(Number(text))}`
  if (type === 'ClickResult') return `clicks ${text}`
  if (type === 'AppOpen') return 'opens the app'
  return type === 'AppClose' ? 'closes the app' : 'Timeout'
}

function writtenRow(row: ShownRow, open: (session: number) => void): HTMLTableRowElement {
  const isSearch = row.kind === 'search'
  const what =
    row.kind === 'session' ? `session, ${countOf(row.searches, 'search', 'searches')}` : 'session without a search'
  return element(
    'tr',
    {},
    timeCell(row.timeMs),
    element(
      'th',
      { scope: 'row' },
      opener(row.user, row.session, open),
      element('span', { class: 'query' }, isSearch ? `“${row.query}”` : what),
    ),
    element('td', { class: 'number' }, row.resultCount === null ? '–' : String(row.resultCount)),
    element('td', { class: 'number' }, String(row.clicks)),
  )
}

function timeCell(timeMs: number): HTMLTableCellElement {
  const time = element('time', { datetime: new Date(timeMs).toISOString() }, clockText(timeMs))
  return element('td', { class: 'at', title: dayText(timeMs) }, time)
}

/** Leaves an equal text as it is, since every change takes the browser time. */
export function setText(target: Element | null | undefined, text: string): void {
  if (target && target.textContent !== text) target.textContent = text
}
