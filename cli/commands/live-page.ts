// Shows a pipeline on a live page, for `local --open`, `watch` and `demo`.

import { setTimeout as wait } from 'node:timers/promises'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import { hasDesktop, openBrowser } from '../../terminal/open-browser.ts'
import { note } from '../../terminal/output.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import type { WatchModel } from '../../watch/watch-model.ts'
import type { WatchedClock } from '../../watch/watched-pipeline.ts'
import type { ReportTables } from '../reads/report-reads.ts'
import { watchTables } from '../reads/table-watch.ts'
import type { TargetClients } from '../target/target-clients.ts'

export interface LivePage {
  readonly model: WatchModel
  /** Sets the clock by which the timers run. Until then they run by the time of day. */
  setClock(clock: () => WatchedClock): void
  /**
   * Resolves when a browser shows the page, or after some seconds. Without a desktop it does not
   * wait.
   */
  shown(): Promise<void>
  stop(): Promise<void>
}

export interface PageWanted {
  /** Names the pipeline, such as `the local run`. */
  readonly title: string
  readonly rules: Rules
  /** Whether to open a browser where there is one. */
  readonly opens: boolean
}

const SHOWN_MS_MAX = 8000
const SHOWN_EVERY_MS = 50

/** Prints the address of the page, and opens it. */
export async function openLivePage({ title, rules, opens }: PageWanted, terminal: Terminal): Promise<LivePage> {
  const { watchModel } = await import('../../watch/watch-model.ts')
  const { watchPage } = await import('../../watch/watch-page.ts')
  const { startWatchServer } = await import('../../watch/watch-server.ts')
  let clock = (): WatchedClock => ({ nowMs: Date.now(), speed: 1 })
  const model = watchModel(rules)
  const server = await startWatchServer(watchPage(title), {
    revision: model.revision,
    frame: () => JSON.stringify(model.frame(clock())),
    session: (number) => JSON.stringify(model.session(number)),
  })
  note(terminal, `Watch ${title} in a browser on this machine: ${server.address}`)
  if (opens) openBrowser(server.address, terminal)
  return {
    model,
    setClock: (next) => {
      clock = next
    },
    shown: async () => {
      if (!opens || !hasDesktop(terminal)) return
      for (let ms = 0; ms < SHOWN_MS_MAX && server.clients() === 0; ms += SHOWN_EVERY_MS) await wait(SHOWN_EVERY_MS)
    },
    stop: server.stop,
  }
}

export interface Following {
  /** Rejects when a read fails, as after the end of the run. Resolves after `stop`. */
  readonly ended: Promise<void>
  stop(): Promise<void>
}

const READ_EVERY_MS = 300

/** Reads what the tables of a local run get, until `stop`. */
export async function followRun(
  clients: Pick<TargetClients, 'dynamodb' | 'tableStreams'>,
  tables: ReportTables,
  model: WatchModel,
): Promise<Following> {
  const ending = new AbortController()
  const watch = await watchTables(clients, tables, model)
  const readOn = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await watch.read()
      await wait(READ_EVERY_MS, undefined, { signal: ending.signal }).catch(() => {})
    }
  }
  const ended = readOn()
  ended.catch(() => {})
  return {
    ended,
    stop: async () => {
      ending.abort()
      await ended.catch(() => {})
    },
  }
}
