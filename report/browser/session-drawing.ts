// Draws a session over time, with a lane for each search and its clicks.

import type { ClickEvidence, ExploredSession, Step } from '../explored-session.ts'
import { svgElement } from './elements.ts'
import { spanText } from './session-text.ts'

const LANE_HEIGHT = 22
const TOP = 8
const AXIS_HEIGHT = 24
const LEFT = 44
const RIGHT = 14
/** The drawing shows at most this many searches. The list below it shows all. */
const LANES_MAX = 30

/** Each kind of evidence has its own shape, around a centre. */
const SHAPES: Readonly<Record<ClickEvidence, string>> = {
  searchId: 'M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0',
  item: 'M-4.5,-4.5h9v9h-9z',
  order: 'M0,-5.5L5.5,4.5H-5.5z',
  orphan: 'M-4.5,-4.5L4.5,4.5M-4.5,4.5L4.5,-4.5',
}

export function evidenceIcon(evidence: ClickEvidence): SVGElement {
  const attributes = {
    class: `click-shape ${evidence}`,
    width: 14,
    height: 14,
    viewBox: '-7 -7 14 14',
    'aria-hidden': 'true',
  }
  return svgElement('svg', attributes, svgElement('path', { d: SHAPES[evidence] }))
}

/** Draws the bar of a search for the legend. */
export function searchIcon(isEmpty: boolean): SVGElement {
  const attributes = { class: 'click-shape', width: 14, height: 14, viewBox: '-7 -7 14 14', 'aria-hidden': 'true' }
  return svgElement('svg', attributes, searchBar(isEmpty, 0, 0, 12))
}

function searchBar(isEmpty: boolean, x: number, y: number, height: number): SVGElement {
  const box = { x: x - 2.5, y: y - height / 2, width: 5, height }
  return svgElement('rect', { class: isEmpty ? 'search empty' : 'search', ...box })
}

export function sessionDrawing({ steps, startMs, endMs, searches }: ExploredSession, width: number): SVGElement {
  const hasOrphans = steps.some((step) => step.kind === 'click' && step.search === null)
  const drawn = Math.min(searches, LANES_MAX)
  const lanes = drawn + (hasOrphans ? 1 : 0)
  const bottom = TOP + lanes * LANE_HEIGHT
  const spanMs = Math.max(1, endMs - startMs)
  const x = (timeMs: number): number => LEFT + ((timeMs - startMs) / spanMs) * (width - LEFT - RIGHT)
  const laneOf = (search: number | null): number => TOP + ((search ?? lanes) - 0.5) * LANE_HEIGHT
  const isDrawn = (step: Step): boolean => !('search' in step) || step.search === null || step.search <= drawn
  const notDrawn = searches - drawn
  return svgElement(
    'svg',
    {
      class: 'session-drawing',
      width,
      height: bottom + AXIS_HEIGHT,
      viewBox: `0 0 ${width} ${bottom + AXIS_HEIGHT}`,
      role: 'img',
      'aria-label': `Searches and clicks over time. The list below has the same in words.${notDrawn > 0 ? ` It also has ${notDrawn} later searches.` : ''}`,
    },
    ...Array.from({ length: lanes }, (_, index) => lane(index, index === drawn, width)),
    ...steps.filter(isDrawn).flatMap((step) => stepShapes(step, steps, x, laneOf)),
    ...axis(x, bottom, startMs, spanMs),
  )
}

function lane(index: number, isForOrphans: boolean, width: number): SVGElement {
  const y = TOP + (index + 0.5) * LANE_HEIGHT
  return svgElement(
    'g',
    {},
    svgElement('line', { class: 'rule', x1: LEFT, x2: width - RIGHT, y1: y, y2: y }),
    svgElement(
      'text',
      { class: 'tick', x: LEFT - 12, y, dy: '0.32em', 'text-anchor': 'end' },
      isForOrphans ? 'none' : `${index + 1}`,
    ),
  )
}

type Scale = (timeMs: number) => number
type Lane = (search: number | null) => number

function stepShapes(step: Step, steps: readonly Step[], x: Scale, laneOf: Lane): SVGElement[] {
  if (step.kind === 'search') {
    const y = laneOf(step.search)
    const last = steps.findLast((other) => other.kind === 'click' && other.search === step.search)
    return [
      svgElement('line', { class: 'span', x1: x(step.atMs), x2: x(last?.atMs ?? step.atMs), y1: y, y2: y }),
      searchBar(step.resultCount === 0, x(step.atMs), y, 16),
    ]
  }
  if (step.kind !== 'click') return []
  const shape = { d: SHAPES[step.evidence], transform: `translate(${x(step.atMs)} ${laneOf(step.search)})` }
  return [svgElement('g', { class: `click-shape ${step.evidence}` }, svgElement('path', shape))]
}

function axis(x: Scale, bottom: number, startMs: number, spanMs: number): SVGElement[] {
  return [0, 0.5, 1].map((part) => {
    const anchor = part === 0 ? 'start' : part === 1 ? 'end' : 'middle'
    const text = part === 0 ? 'start' : `+${spanText(spanMs * part)}`
    return svgElement(
      'text',
      { class: 'tick', x: x(startMs + spanMs * part), y: bottom + 16, 'text-anchor': anchor },
      text,
    )
  })
}
