// Shows the timeline of a session in a dialog, and follows the session while the dialog is open.

import { element } from '../../report/browser/elements.ts'
import { sessionView } from '../../report/browser/session-view.ts'
import type { ExploredSession } from '../../report/explored-session.ts'
import type { WatchFrame } from '../watch-frame.ts'

export interface SessionDialog {
  open(session: number): void
  /** Asks for the session again if the frame shows that it changed. */
  follow(frame: WatchFrame): void
}

export function sessionDialog(dialog: HTMLDialogElement, view: HTMLElement, close: HTMLElement): SessionDialog {
  let shown: number | null = null
  let latest: WatchFrame | null = null
  /** The entry of the session in the frame before. */
  let seen = ''
  let explored: ExploredSession | null = null
  const draw = (): void => {
    if (explored !== null) view.replaceChildren(...sessionView(explored, Math.max(280, view.clientWidth)))
  }
  const load = async (session: number): Promise<void> => {
    const found = await readSession(session)
    // The reader may have closed the dialog, or opened another session.
    if (shown !== session) return
    explored = found
    if (found !== null) draw()
    else
      view.replaceChildren(
        element('h3', { id: 'session-title' }, 'This session is no longer here'),
        element('p', {}, GONE),
      )
  }
  close.addEventListener('click', () => dialog.close())
  dialog.addEventListener('close', () => {
    shown = null
    explored = null
    view.replaceChildren()
  })
  let width = 0
  new ResizeObserver(() => {
    if (view.clientWidth === width) return
    width = view.clientWidth
    draw()
  }).observe(view)
  return {
    open: (session) => {
      shown = session
      seen = entryOf(latest, session)
      view.replaceChildren(element('h3', { id: 'session-title' }, 'Reading the session'))
      if (!dialog.open) dialog.showModal()
      load(session)
    },
    follow: (frame) => {
      latest = frame
      if (shown === null) return
      const now = entryOf(frame, shown)
      const hasChanged = now !== seen && now !== ''
      seen = now
      if (hasChanged) load(shown)
    },
  }
}

/** Returns an empty text for a session that the frame does not list. */
function entryOf(frame: WatchFrame | null, session: number): string {
  const found = [...(frame?.open ?? []), ...(frame?.closed ?? [])].find(({ number }) => number === session)
  return found === undefined ? '' : JSON.stringify(found)
}

const GONE = 'It merged into another session, its user was forgotten, or too many sessions closed since.'

/** Returns null where the server does not know the session, or has ended. */
async function readSession(session: number): Promise<ExploredSession | null> {
  try {
    const answer = await fetch(`session/${session}`)
    return answer.ok ? await answer.json() : null
  } catch {
    return null
  }
}
