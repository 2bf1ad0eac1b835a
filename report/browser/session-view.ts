// Shows one session: a heading, a drawing and the timeline in words.

import type { ClickEvidence, ExploredSession, Step } from '../explored-session.ts'
import { element } from './elements.ts'
import { evidenceIcon, searchIcon, sessionDrawing } from './session-drawing.ts'
import {
  clockText,
  countOf,
  dayText,
  dwellText,
  EVIDENCE_TEXT,
  EVIDENCE_WHY,
  positionText,
  reasonText,
  resultsText,
  spanText,
} from './session-text.ts'

/** @param width the width of the column in pixels. */
export function sessionView(session: ExploredSession, width: number): Element[] {
  const { user, startMs, endMs, searches, searchesWithClick, clicks, orphans, stepsLeftOut } = session
  const counts = [
    countOf(searches, 'search', 'searches'),
    `${searchesWithClick} with a click`,
    countOf(clicks, 'click', 'clicks'),
    ...(orphans > 0 ? [countOf(orphans, 'orphan click', 'orphan clicks')] : []),
    spanText(endMs - startMs),
    session.closeReason === null ? 'still open' : `closed ${reasonText(session.closeReason)}`,
    ...(session.continuesAnother ? ['continues a session that a limit ended'] : []),
  ]
  const timeline = element(
    'ol',
    { class: 'timeline', role: 'list' },
    ...session.steps.map((step) => item(step, startMs)),
  )
  return [
    element('h3', { id: 'session-title' }, `${user}, ${dayText(startMs)} ${clockText(startMs)}`),
    element('p', { class: 'formula' }, `${counts.join(' · ')}`),
    ...(session.id === null
      ? []
      : [element('p', { class: 'session-id' }, 'Session ', element('code', {}, session.id))]),
    sessionDrawing(session, width),
    legend(session),
    element(
      'div',
      { class: 'scroll tall', role: 'region', tabindex: 0, 'aria-label': 'Timeline of the session' },
      timeline,
    ),
    ...(stepsLeftOut > 0
      ? [element('p', { class: 'note' }, `This page leaves out ${countOf(stepsLeftOut, 'more event', 'more events')}.`)]
      : []),
  ]
}

function legend({ steps }: ExploredSession): HTMLElement {
  const used = new Set(steps.flatMap((step) => (step.kind === 'click' ? [step.evidence] : [])))
  const all: readonly ClickEvidence[] = ['searchId', 'item', 'order', 'orphan']
  const entries = all
    .filter((evidence) => used.has(evidence))
    .map((evidence) =>
      element(
        'li',
        {},
        evidenceIcon(evidence),
        element('strong', {}, EVIDENCE_TEXT[evidence]),
        `: ${EVIDENCE_WHY[evidence]}`,
      ),
    )
  const isEmpty = steps.some((step) => step.kind === 'search' && step.resultCount === 0)
  const bars = [
    element('li', {}, searchIcon(false), element('strong', {}, 'search')),
    ...(isEmpty ? [element('li', {}, searchIcon(true), element('strong', {}, 'search'), ': without results')] : []),
  ]
  return element('ul', { class: 'evidence', 'aria-label': 'Legend of the drawing' }, ...bars, ...entries)
}

function item(step: Step, startMs: number): HTMLElement {
  const time = element('time', { datetime: new Date(step.atMs).toISOString() }, clockText(step.atMs))
  const since = element('span', { class: 'since' }, `+${spanText(step.atMs - startMs)}`)
  return element('li', { class: step.kind }, element('span', { class: 'at' }, time, ' ', since), ' ', stepText(step))
}

function stepText(step: Step): HTMLElement {
  if (step.kind === 'search') {
    const clicked = step.clicks === 0 ? 'no click' : countOf(step.clicks, 'click', 'clicks')
    return element(
      'span',
      { class: 'step-text' },
      element('span', { class: 'badge' }, `search ${step.search}`),
      ' ',
      element('strong', {}, step.query === '' ? '(empty query)' : `“${step.query}”`),
      ` ${resultsText(step.resultCount)}, ${clicked}`,
      ...(step.labels === '' ? [] : [' ', element('code', {}, step.labels)]),
    )
  }
  if (step.kind === 'click') {
    const owner = step.search === null ? 'of no search' : `of search ${step.search}`
    return element(
      'span',
      { class: 'step-text' },
      evidenceIcon(step.evidence),
      `click ${owner}, ${positionText(step.position)}, ${dwellText(step.dwellMs)} `,
      element('code', {}, step.item),
      ' ',
      element('span', { class: 'badge' }, EVIDENCE_TEXT[step.evidence]),
    )
  }
  return element('span', { class: 'step-text' }, plainText(step))
}

function plainText(step: Exclude<Step, { kind: 'search' | 'click' }>): string {
  if (step.kind === 'results' || step.kind === 'repeat') {
    const owner = step.search === null ? 'of no search' : `of search ${step.search}`
    if (step.kind === 'repeat') return `the same Search again, ${owner}`
    return `${step.search === null ? 'Results' : 'more Results'} ${owner}: ${resultsText(step.resultCount)}`
  }
  if (step.kind === 'open') return 'the app opens'
  return step.kind === 'close' ? 'the app closes' : 'timeout'
}
