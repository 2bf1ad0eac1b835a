// Serves the live page with a generated log in memory, some of whose sessions are open.

import { HOUR_MS } from '../../functions/domain/durations.ts'
import type { Event } from '../../functions/domain/events/event.ts'
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
      session: (number) => {
        const session = model.session(number)
        return session === null ? null : JSON.stringify(session)
      },
    },
    { frameEveryMs: 20 },
  )
  const eventsOf = new Map<string, Event[]>()
  const addSearch = (user: string, query: string): void => {
    const events = eventsOf.get(user) ?? []
    const eventId = `${user}-${events.length}`
    events.push(search(clock.nowMs + events.length, { query, eventId }))
    eventsOf.set(user, events)
    const session = { ids: [`id-${user}`], continues: null, limitedBy: null, events: [...events] } as never
    model.onState(user, { ...NEW_USER, version: events.length, skewMs: 0, open: [session] })
  }
  for (let n = 1; n <= 5; n++) addSearch(`open-${n}`, `query ${n}`)
  return { address: server.address, model, clock, addSearch, stop: server.stop }
}
