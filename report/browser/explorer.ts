// The explorer: the sessions embedded in the page in, a list to search and choose from and a view of the chosen one out.

import type { ExploredSession } from '../explored-session.ts'
import { element, found } from './elements.ts'
import { clockText, countOf, dayText, spanText } from './session-text.ts'
import { sessionView } from './session-view.ts'

interface Entry {
  readonly session: ExploredSession
  readonly option: HTMLElement
  /** What the filter looks in. */
  readonly text: string
}

export function startExplorer(): void {
  const frame = found('explorer', HTMLElement)
  const list = found('session-list', HTMLElement)
  const view = found('session-view', HTMLElement)
  const filter = found('session-filter', HTMLInputElement)
  const count = found('session-count', HTMLElement)
  const data = found('session-data', HTMLScriptElement)
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
      // On a phone the view is below the list, out of sight.
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
    const left = shown()
    count.textContent = `${left.length} of ${countOf(entries.length, 'session', 'sessions')}`
    const isChosenShown = left.some(({ option }) => option.getAttribute('aria-selected') === 'true')
    if (left[0] !== undefined && !isChosenShown) choose(left[0])
  }
  filter.addEventListener('input', applyFilter)
  applyFilter()
  let width = view.clientWidth
  new ResizeObserver(() => {
    const chosen = entries.find(({ option }) => option.getAttribute('aria-selected') === 'true')
    // A new text changes the height too; only another width needs another drawing.
    if (chosen === undefined || view.clientWidth === width) return
    width = view.clientWidth
    choose(chosen)
  }).observe(view)
}

/** Where a key leads from the chosen entry; undefined where it leads nowhere. */
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
  const said = steps.map((step) => (step.kind === 'search' ? step.query : step.kind === 'click' ? step.item : ''))
  return [id ?? '', user, dayText(startMs), clockText(startMs), ...said].join('\n').toLowerCase()
}
