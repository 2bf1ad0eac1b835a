// Replays a log in memory at the pace of its own times, so that a person can watch it.

import { setTimeout as wait } from 'node:timers/promises'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { recordEvents } from '../../functions/aws/stream/record-events.ts'
import { HOUR_MS, MINUTE_MS } from '../../functions/domain/durations.ts'
import { decodeEvent } from '../../functions/domain/events/decode.ts'
import { sentEvents } from '../../functions/domain/events/formats/sent-events.ts'
import type { WatchedClock } from '../../watch/watched-pipeline.ts'
import type { LogRun } from '../run/log-run.ts'
import { type MemoryRun, type MemoryRunOptions, memoryRun } from './memory-run.ts'

export interface PacedRunOptions extends Omit<MemoryRunOptions, 'now'> {
  /** How many times faster than in the log the time passes. */
  readonly speed: number
  /** Up to this time of the log the replay waits for nothing. Absent: from its first event on. */
  readonly liveFromMs?: number
  /** Gets what the run does now. */
  readonly onStage: (stage: string) => void
  /** Absent: that of the machine. */
  readonly realTime?: RealTime
}

/** The time of day, and how to let it pass. */
export interface RealTime {
  nowMs(): number
  wait(ms: number): Promise<unknown>
}

export interface PacedRun extends MemoryRun {
  clock(): WatchedClock
}

const MACHINE_TIME: RealTime = { nowMs: Date.now, wait }

/** The clock moves in steps of so much real time. */
const TICK_MS = 200
/** Without open sessions the replay passes over the time to the next event in one step. */
const SWEEP_EVERY_MS = MINUTE_MS
/** The part that takes no time arrives and is swept in larger steps, with a tenth of the work. */
const FAST_STEP_MS = 10 * MINUTE_MS
const FAST_SWEEP_EVERY_MS = HOUR_MS
/** A batch of events that wait for nothing. */
const LINES_MAX = 500

/**
 * The clock of the pipeline shows the time of the log: an event arrives when it happened, or later
 * if the log has it later. Sweeps come every minute of the log, so sessions close as they would
 * have.
 */
export function pacedRun(options: PacedRunOptions): PacedRun {
  const { speed, liveFromMs = Number.NEGATIVE_INFINITY, realTime = MACHINE_TIME } = options
  const onStage = onceEach(options.onStage)
  const clock = logClock(speed, realTime)
  const run = memoryRun({ ...options, now: clock.nowMs })
  let isStopped = false
  const { sweepIfDue, passTo } = passingTime(run, clock, realTime, () => isStopped)
  const replay: LogRun['replay'] = async (name, lines, onProgress) => {
    const written = { lines: 0, events: 0, sent: 0, tooLarge: [] as Buffer[] }
    let batch: Buffer[] = []
    let batchEndMs = Number.NEGATIVE_INFINITY
    const flush = async (): Promise<void> => {
      const part = await run.replay(name, eachOf(batch), onProgress)
      batch = []
      written.lines += part.lines
      written.events += part.events
      written.sent += part.sent
      written.tooLarge.push(...part.tooLarge)
    }
    /** Ingest would reject events that are far ahead of the clock. */
    const flushFast = async (): Promise<void> => {
      if (batchEndMs > clock.nowMs()) clock.jumpTo(batchEndMs)
      await flush()
      if (clock.nowMs() < liveFromMs) await sweepIfDue(FAST_SWEEP_EVERY_MS)
    }
    for await (const line of lines) {
      if (isStopped) break
      const timeMs = lineTime(line)
      if (!clock.hasBegun()) {
        // An event without a time happens now.
        const startMs = timeMs ?? realTime.nowMs()
        clock.jumpTo(startMs)
        onStage(startMs < liveFromMs ? 'replays the first part at once' : 'replays the log')
      }
      if (timeMs !== null && timeMs < liveFromMs) {
        if (timeMs - clock.nowMs() >= FAST_STEP_MS) await flushFast()
        batchEndMs = Math.max(batchEndMs, timeMs)
      } else if (timeMs !== null && timeMs > clock.nowMs()) {
        await flushFast()
        onStage('replays the log')
        await passTo(timeMs)
      }
      batch.push(line)
      if (batch.length === LINES_MAX) await flushFast()
    }
    await flushFast()
    onStage('waits for the last sessions to close')
    while (hasOpenSessions(run) && !isStopped) await passTo(clock.nowMs() + SWEEP_EVERY_MS)
    clock.halt()
    return written
  }
  return {
    ...run,
    clock: clock.watched,
    replay,
    drain: async (onProgress) => {
      await run.drain(onProgress)
      onStage('has replayed the log')
    },
    stop: async () => {
      isStopped = true
      await run.stop()
    },
  }
}

/** Lets the time of the log pass, and sweeps the run meanwhile. */
function passingTime(run: MemoryRun, clock: ReturnType<typeof logClock>, realTime: RealTime, isStopped: () => boolean) {
  let sweptMs = Number.NEGATIVE_INFINITY
  const sweepIfDue = async (everyMs = SWEEP_EVERY_MS): Promise<void> => {
    if (clock.nowMs() - sweptMs < everyMs) return
    sweptMs = clock.nowMs()
    await run.sweep()
  }
  /** Returns when the log has reached this moment, or the run has stopped. */
  const passTo = async (timeMs: number): Promise<void> => {
    while (clock.nowMs() < timeMs && !isStopped()) {
      if (!hasOpenSessions(run) && timeMs - clock.nowMs() > SWEEP_EVERY_MS) clock.jumpTo(timeMs - SWEEP_EVERY_MS)
      else {
        clock.start()
        await realTime.wait(TICK_MS)
      }
      await sweepIfDue()
    }
  }
  return { sweepIfDue, passTo }
}

/** Passes a stage on when it begins. */
function onceEach(onStage: (stage: string) => void): (stage: string) => void {
  let current = ''
  return (stage) => {
    if (stage !== current) onStage(stage)
    current = stage
  }
}

function hasOpenSessions({ stores }: MemoryRun): boolean {
  for (const { open } of stores.sessions.states.values()) if (open.length > 0) return true
  return false
}

/** The clock stands still until it is started, and can only jump while it does. */
function logClock(speed: number, realTime: RealTime) {
  let baseMs = Number.NEGATIVE_INFINITY
  let startedMs: number | null = null
  const nowMs = (): number => Math.floor(startedMs === null ? baseMs : baseMs + (realTime.nowMs() - startedMs) * speed)
  const halt = (): void => {
    baseMs = nowMs()
    startedMs = null
  }
  return {
    nowMs,
    halt,
    hasBegun: () => Number.isFinite(baseMs),
    jumpTo: (timeMs: number) => {
      const wasRunning = startedMs !== null
      baseMs = timeMs
      startedMs = wasRunning ? realTime.nowMs() : null
    },
    start: () => {
      startedMs ??= realTime.nowMs()
    },
    watched: (): WatchedClock => ({
      nowMs: Number.isFinite(baseMs) ? nowMs() : realTime.nowMs(),
      speed: startedMs === null ? 0 : speed,
    }),
  }
}

/** Returns the latest time of the line's events, or null if none has a time. */
function lineTime(line: Buffer): number | null {
  let latestMs = NO_TIME_MS
  for (const { read } of recordEvents(line).events) {
    const parsed = read()
    const sent = parsed.ok ? sentEvents(parsed.value) : parsed
    for (const value of sent.ok ? sent.events : []) {
      const decoded = decodeEvent(value, NO_TIME_MS, { maxClockSkewMs: Number.POSITIVE_INFINITY }, sha256)
      if (decoded.ok) latestMs = Math.max(latestMs, decoded.event.timeMs)
    }
  }
  return latestMs === NO_TIME_MS ? null : latestMs
}

/** Stands for the arrival of an event without a time. Ingest takes no event of this time. */
const NO_TIME_MS = 0

async function* eachOf(lines: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* lines
}
