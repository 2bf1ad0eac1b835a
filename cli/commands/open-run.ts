// Opens a run for `local` and `demo`, on emulators or in memory.

import { readSettings } from '../../infra/read-settings.ts'
import { type EmulatorLack, emulatorLack } from '../../local/emulators/dynoxide-binary.ts'
import type { PacedRunOptions } from '../../local/memory/paced-run.ts'
import type { UnitPorts } from '../../local/memory/unit-ports.ts'
import type { LocalRun } from '../../local/run/local-run.ts'
import type { LogRun } from '../../local/run/log-run.ts'
import type { ReportPorts } from '../../report/report-data.ts'
import { note } from '../../terminal/output.ts'
import type { Progress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { UserError } from '../../terminal/user-error.ts'
import type { PipelineObserver, WatchedClock } from '../../watch/watched-pipeline.ts'
import { reportReads } from '../reads/report-reads.ts'

export interface WantedRun {
  readonly settings: Readonly<Record<string, string>>
  /** Whether the user asks for a run in memory. */
  readonly memory: boolean
  readonly firstPort?: number
  readonly dataFolder?: string
  readonly chaosRate?: number
  /** Gets what a run in memory stores. The tables of emulators are read instead. */
  readonly observer?: PipelineObserver
  /** Replays the log at its own pace, in memory. */
  readonly pace?: Pace
  /** False leaves out the capacity units of a run in memory, which take most of its time. */
  readonly countsUnits?: boolean
  /** Why a run in memory would not do, to begin a message. Absent where it does. */
  readonly needsEmulators?: string
}

export type Pace = Pick<PacedRunOptions, 'speed' | 'liveFromMs' | 'onStage'>

export interface OpenedRun {
  readonly run: LogRun
  readonly reportReads: ReportPorts
  /** Null for a run in memory. */
  readonly local: LocalRun | null
  /** The clock of a run with a pace. */
  readonly clock?: () => WatchedClock
}

interface Screen {
  readonly terminal: Terminal
  readonly progress: Progress
}

/** @param lackOf returns why no emulator runs here, or null. */
export async function openRun(wanted: WantedRun, screen: Screen, lackOf = emulatorLack): Promise<OpenedRun> {
  const { terminal } = screen
  if (wanted.memory || wanted.pace !== undefined) return inMemory(wanted)
  const lack = await lackOf(terminal.env)
  if (lack !== null) return instead(wanted, lack, screen)
  return onEmulators(wanted, terminal)
}

async function instead(
  wanted: WantedRun,
  { why, remedy }: EmulatorLack,
  { terminal, progress }: Screen,
): Promise<OpenedRun> {
  if (wanted.needsEmulators !== undefined) throw new UserError(`${wanted.needsEmulators}, and ${why}: ${remedy}`)
  progress.clear()
  note(
    terminal,
    `The steps run in memory, since ${why}. This leaves out the template, roles and wire formats. ` +
      `To have them, ${remedy}.`,
  )
  return inMemory(wanted)
}

/** Modules of a run take half a second to load, which other commands should not wait for. */
async function inMemory({ settings, observer, pace, countsUnits = true }: WantedRun): Promise<OpenedRun> {
  const { memoryRun } = await import('../../local/memory/memory-run.ts')
  const { observedPorts } = await import('../../local/memory/observed-ports.ts')
  const { pacedRun } = await import('../../local/memory/paced-run.ts')
  const { unitPorts } = await import('../../local/memory/unit-ports.ts')
  const units = countsUnits ? unitPorts(readSettings(settings).rollups === 'on') : null
  const portsOf: UnitPorts['portsOf'] = (step, stores) => {
    const ports = units === null ? stores : units.portsOf(step, stores)
    return observer === undefined ? ports : observedPorts(ports, observer)
  }
  const options = { settings, portsOf, ...(units !== null && { capacity: units.capacity }) }
  if (pace === undefined) {
    const run = memoryRun(options)
    return { run, reportReads: run.reportReads, local: null }
  }
  const run = pacedRun({ ...options, ...pace })
  return { run, reportReads: run.reportReads, local: null, clock: run.clock }
}

async function onEmulators(
  { settings, firstPort, dataFolder, chaosRate = 0 }: WantedRun,
  { env }: Terminal,
): Promise<OpenedRun> {
  const { startLocalRun } = await import('../../local/run/local-run.ts')
  const run = await startLocalRun({
    settings,
    firstPort: firstPort ?? null,
    dataFolder: dataFolder ?? null,
    chaosRate,
    env,
  })
  const { clients, outputs } = run
  const tables = { results: outputs.ResultsTableName as string, sessions: outputs.SessionsTableName as string }
  return { run, reportReads: reportReads(clients.dynamodb, tables), local: run }
}
