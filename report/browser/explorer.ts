// Runs the explorer: a filtered list of the page's sessions, and a view of the chosen session.

import type { ExploredSession } from '../explored-session.ts'
import { element, findElement } from './elements.ts'
import { clockText, countOf, dayText, spanText } from './session-text.ts'
import { sessionView } from './session-view.ts'

interface Entry {
  readonly session: ExploredSession
  readonly option: HTMLElement
  /** The filter searches this text. */
  readonly text: string
}

export function startExplorer(): void {
  const frame = findElement('explorer', HTMLElement)
  const list = findElement('session-list', HTMLElement)
  const view = findElement('session-view', HTMLElement)
  const filter = findElement('session-filter', HTMLInputElement)
  const count = findElement('session-count', HTMLElement)
  const data = findElement('session-data', HTMLScriptElement)
  if (!(frame && list && view && filter && count && data)) return
  const sessions: readonly ExploredSession[] = JSON.parse(data.textContent ?? '[]')
  const entries = sessions.map((session, index) => ({ session, option: option(session, index), text: textOf(session) }))
  list.replaceChildren(...entries.map((entry) => entry.option))
  frame.hidden = false

  const shown = (): Entry[] => entries.filter((entry) => !entry.option.hidden)
  const choose = (chosen: Entry): void => {
    for (const { option } of entries) {
      option.setAttribute('aria-selected', String(option === chosen.option))
      option.tabIndex = option === chosen.option ? 0 : -1
    }
    view.replaceChildren(...sessionView(chosen.session, view.clientWidth))
  }
  for (const entry of entries) {
    entry.option.addEventListener('click', () => {
      choose(entry)
      // On a narrow screen the view is below the list, so scroll to it.
      if (view.offsetTop > list.offsetTop + list.offsetHeight) view.scrollIntoView({ block: 'start' })
    })
  }
  list.addEventListener('keydown', (event) => {
    const next = target(shown(), event.key)
    if (next === undefined) return
    event.preventDefault()
    choose(next)
    next.option.focus()
  })
  const applyFilter = (): void => {
    const wanted = filter.value.trim().toLowerCase()
    for (const { option, text } of entries) option.hidden = !text.includes(wanted)
    const matches = shown()
    count.textContent = `${matches.length} of ${countOf(entries.length, 'session', 'sessions')}`
    const isChosenShown = matches.some(({ option }) => option.getAttribute('aria-selected') === 'true')
    if (matches[0] !== undefined && !isChosenShown) choose(matches[0])
  }
  filter.addEventListener('input', applyFilter)
  applyFilter()
  let width = view.clientWidth
  new ResizeObserver(() => {
    const chosen = entries.find(({ option }) => option.getAttribute('aria-selected') === 'true')
    // A new session changes the height too, but only another width needs a new drawing.
    if (chosen === undefined || view.clientWidth === width) return
    width = view.clientWidth
    choose(chosen)
  }).observe(view)
}

/** Returns the entry that a key selects, or undefined for other keys. */
function target(shown: readonly Entry[], key: string): Entry | undefined {
  const now = shown.findIndex(({ option }) => option.getAttribute('aria-selected') === 'true')
  if (key === 'ArrowDown') return shown[Math.min(now + 1, shown.length - 1)]
  if (key === 'ArrowUp') return shown[Math.max(now - 1, 0)]
  if (key === 'Home') return shown[0]
  if (key === 'End') return shown[shown.length - 1]
  return undefined
}

function option(session: ExploredSession, index: number): HTMLElement {
  const { user, startMs, endMs, searches, searchesWithClick } = session
  const first = session.steps.find((step) => step.kind === 'search')
  return element(
    'div',
    { role: 'option', id: `session-${index}`, 'aria-selected': 'false', tabindex: -1 },
    element('span', { class: 'when' }, `${dayText(startMs)} ${clockText(startMs)}`),
    ' ',
    element('span', { class: 'who' }, user),
    ' ',
    element('span', { class: 'first' }, first?.kind === 'search' ? `“${first.query}”` : ''),
    ' ',
    element(
      'span',
      { class: 'sum' },
      `${countOf(searches, 'search', 'searches')}, ${searchesWithClick} clicked, ${spanText(endMs - startMs)}`,
    ),
  )
}

function textOf({ id, user, startMs, steps }: ExploredSession): string {
  const stepTexts = steps.map((step) => (step.kind === 'search' ? step.query : step.kind === 'click' ? step.item : ''))
  return [id ?? '', user, dayText(startMs), clockText(startMs), ...stepTexts].join('\n').toLowerCase()
}
