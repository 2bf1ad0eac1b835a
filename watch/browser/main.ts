// Starts the page: connects to its server, and shows each frame that comes.

import { element, findElement } from '../../report/browser/elements.ts'
import { clockText, dayText } from '../../report/browser/session-text.ts'
import { startTheme } from '../../report/browser/theme.ts'
import type { WatchFrame } from '../watch-frame.ts'
import { liveTables, setText } from './live-tables.ts'
import { sessionDialog } from './session-dialog.ts'

/** A reader sees a timer move at each tick. */
const TICK_MS = 250
/** A screen reader reads the summary at most so often. */
const SUMMARY_EVERY_MS = 20_000

interface Received {
  readonly frame: WatchFrame
  readonly receivedMs: number
}

/** Returns the time of the pipeline's clock, which runs on between frames. */
function pipelineTime({ frame: { clock }, receivedMs }: Received): number {
  return clock.nowMs + (performance.now() - receivedMs) * clock.speed
}

function start(): void {
  const dialog = findElement('session', HTMLDialogElement)
  const view = findElement('session-view', HTMLElement)
  const close = findElement('session-close', HTMLElement)
  const pause = findElement('pause', HTMLButtonElement)
  const connection = findElement('connection', HTMLElement)
  if (!(dialog && view && close && pause && connection)) return
  const sessions = sessionDialog(dialog, view, close)
  const tables = liveTables(sessions.open)
  let latest: Received | null = null
  let shownFrame: WatchFrame | null = null
  let isPaused = false
  let summaryMs = Number.NEGATIVE_INFINITY

  const tick = (): void => {
    if (latest === null || isPaused) return
    const { frame } = latest
    if (frame !== shownFrame) {
      shownFrame = frame
      tables.show(frame)
      showFigures(frame)
      sessions.follow(frame)
    }
    const nowMs = pipelineTime(latest)
    tables.showTimers(nowMs)
    setText(document.getElementById('clock'), clockLine(nowMs, frame))
    setText(document.getElementById('stage'), frame.stage)
    if (performance.now() - summaryMs < SUMMARY_EVERY_MS) return
    summaryMs = performance.now()
    setText(document.getElementById('summary'), summaryText(frame))
  }
  pause.addEventListener('click', () => {
    isPaused = !isPaused
    pause.setAttribute('aria-pressed', String(isPaused))
    tick()
  })
  const showConnection = (text: string): void => {
    connection.hidden = text === ''
    setText(connection, text)
  }
  const source = new EventSource('frames')
  source.addEventListener('message', ({ data }) => {
    latest = { frame: JSON.parse(data), receivedMs: performance.now() }
    showConnection('')
    tick()
  })
  source.addEventListener('end', () => {
    source.close()
    stopClock()
    showConnection('The command has ended, so this page no longer changes.')
  })
  source.addEventListener('error', () => {
    const isRefused = source.readyState === EventSource.CLOSED
    showConnection(
      isRefused ? 'The command takes no more pages, or has ended.' : 'The connection is lost. The page tries again.',
    )
  })
  const stopClock = (): void => {
    if (latest !== null) {
      const clock = { nowMs: pipelineTime(latest), speed: 0 }
      latest = { frame: { ...latest.frame, clock, stage: 'ended' }, receivedMs: performance.now() }
    }
    tick()
  }
  setInterval(tick, TICK_MS)
}

function clockLine(nowMs: number, { clock: { speed } }: WatchFrame): string {
  const pace = speed === 0 ? 'stands still' : speed === 1 ? 'real time' : `${speed} times as fast as real time`
  return `The pipeline's clock: ${dayText(nowMs)} ${clockText(nowMs)}, ${pace}`
}

function summaryText({ figures }: WatchFrame): string {
  return figures.map(({ name, value }) => `${name}: ${value}`).join(', ')
}

function showFigures({ figures }: WatchFrame): void {
  const list = findElement('figures', HTMLElement)
  if (list === null) return
  if (list.children.length !== figures.length) {
    list.replaceChildren(
      ...figures.map(({ name }) =>
        element(
          'div',
          { class: 'card' },
          element('dt', {}, name),
          element('dd', { class: 'value' }),
          element('dd', { class: 'parts' }),
        ),
      ),
    )
  }
  for (const [index, { value, parts }] of figures.entries()) {
    const card = list.children[index]
    setText(card?.children[1], value)
    setText(card?.children[2], parts)
  }
}

startTheme()
start()
