// Serves the live page with a generated log in memory, some of whose sessions are open.

import { HOUR_MS } from '../../functions/domain/durations.ts'
import type { Event } from '../../functions/domain/events/event.ts'
import { isNonEmpty } from '../../functions/domain/non-empty.ts'
import type { Session } from '../../functions/domain/sessions/session.ts'
import { NEW_USER } from '../../functions/domain/sessions/user-state.ts'
import { memoryRun } from '../../local/memory/memory-run.ts'
import { observedPorts } from '../../local/memory/observed-ports.ts'
import { generateLog } from '../../samples/generated-log.ts'
import { type WatchModel, watchModel } from '../../watch/watch-model.ts'
import { watchPage } from '../../watch/watch-page.ts'
import { startWatchServer } from '../../watch/watch-server.ts'
import type { WatchedClock } from '../../watch/watched-pipeline.ts'
import { ORIGIN_MS, RULES, search } from './events.ts'

export interface LiveLog {
  readonly address: string
  readonly model: WatchModel
  /** The clock of every frame. */
  readonly clock: WatchedClock
  /** Adds a search to the open session of the user. */
  addSearch(user: string, query: string): void
  /** Closes the open session of the user, whose next search begins another one. */
  close(user: string): void
  stop(): Promise<void>
}

export async function liveLog(): Promise<LiveLog> {
  const model = watchModel(RULES)
  const clock = { nowMs: ORIGIN_MS + 20 * HOUR_MS, speed: 60 }
  const run = memoryRun({ settings: {}, now: () => clock.nowMs, portsOf: (_, ports) => observedPorts(ports, model) })
  const lastMs = (sent: Readonly<Record<string, unknown>>): number => Date.parse(String(sent.time))
  const log = generateLog({ seed: 7, users: 80, days: 1, startMs: ORIGIN_MS })
  async function* lines(): AsyncGenerator<Buffer> {
    for (const sent of log) if (lastMs(sent) <= clock.nowMs) yield Buffer.from(JSON.stringify(sent))
  }
  await run.replay('log', lines(), () => {})
  await run.drain()
  const server = await startWatchServer(
    watchPage('a test'),
    {
      revision: model.revision,
      frame: () => JSON.stringify(model.frame(clock)),
      session: (number) => JSON.stringify(model.session(number)),
    },
    { frameEveryMs: 20 },
  )
  const userOf = new Map<string, { version: number; readonly sessions: number; readonly events: readonly Event[] }>()
  const sessionOf = (user: string): Session | null => {
    const { sessions = 0, events = [] } = userOf.get(user) ?? {}
    return isNonEmpty(events) ? { ids: [`id-${user}-${sessions}`], continues: null, limitedBy: null, events } : null
  }
  const save = (user: string, sessions: number, events: readonly Event[]): void => {
    const version = (userOf.get(user)?.version ?? 0) + 1
    userOf.set(user, { version, sessions, events })
    const session = sessionOf(user)
    model.onState(user, { ...NEW_USER, version, skewMs: 0, open: session === null ? [] : [session] })
  }
  const addSearch = (user: string, query: string): void => {
    const { version = 0, sessions = 0, events = [] } = userOf.get(user) ?? {}
    const added = search(clock.nowMs + version, { query, eventId: `${user}-${version}` })
    save(user, sessions, [...events, added])
  }
  for (let n = 1; n <= 5; n++) addSearch(`open-${n}`, `query ${n}`)
  return {
    address: server.address,
    model,
    clock,
    addSearch,
    close: (user) => {
      const session = sessionOf(user)
      const { version = 0, sessions = 0 } = userOf.get(user) ?? {}
      if (session === null) return
      model.onClosed({ user, session, reason: 'gap', version })
      save(user, sessions + 1, [])
    },
    stop: server.stop,
  }
}
