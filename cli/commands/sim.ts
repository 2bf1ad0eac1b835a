// Implements `sim`, which simulates the pipeline with faults and prints the shortest failure that
// it finds.

import { setImmediate } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Campaign } from '../../sim/campaign.ts'
import type { Fault } from '../../sim/faults.ts'
import { EXIT } from '../../terminal/exit-codes.ts'
import { note, print, printJson } from '../../terminal/output.ts'
import { startProgress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { columns, counted } from '../../terminal/text-table.ts'
import { parseCount } from '../target/option-values.ts'
import { withHelp } from './help.ts'

interface SimOptions {
  readonly seeds: number
  readonly from: number
  readonly seed?: number
  readonly json?: true
}

/** Every design that is known to be wrong has to fail within so many seeds. */
const CONTROL_SEEDS_MAX = 200
const STORY_LINES_MAX = 60

export function defineSim(command: Command, terminal: Terminal): void {
  command
    .option('--seeds <number>', 'the number of seeds; each makes users, events and faults of its own', parseCount, 500)
    .option('--from <number>', 'the first seed', parseCount, 1)
    .option('--seed <number>', 'simulate only this seed', parseCount)
    .option('--json', 'print one line of JSON')
  withHelp(command, {
    details: `A run takes no pipeline and no AWS account. Without --seed, it also simulates designs that are known
to be wrong, and fails if it finds no failure in one of them.`,
    examples: [
      'search-session-ctr sim --seeds 500',
      'search-session-ctr sim --seeds 2000 --json',
      'search-session-ctr sim --seed 625',
    ],
  }).action((options) => runSim(options, terminal))
}

async function runSim(options: SimOptions, terminal: Terminal): Promise<void> {
  const { runCampaign, runControls } = await import('../../sim/campaign.ts')
  const { run } = await import('../../sim/run.ts')
  const progress = startProgress(terminal.stderr)
  const first = options.seed ?? options.from
  const seeds = options.seed === undefined ? options.seeds : 1
  const startedMs = Date.now()
  const campaign = await runCampaign(first, seeds, {}, (runs) => {
    progress.show(`${runs} of ${seeds} seeds`)
    return signals()
  })
  progress.show('simulating wrong designs')
  const controls = options.seed === undefined ? await runControls(CONTROL_SEEDS_MAX, signals) : null
  progress.clear()
  const hash = options.seed === undefined ? null : (await run(options.seed)).hash
  const [failure] = campaign.failures
  if (failure !== undefined) note(terminal, await storyOf(failure.seed))
  const missed = Object.values(controls ?? {}).includes(null)
  if (failure !== undefined || missed) terminal.exitCode = EXIT.failed
  const seconds = Math.round((Date.now() - startedMs) / 1000)
  if (options.json) {
    const failed = campaign.failures.map(({ seed }) => seed)
    printJson(terminal, { ...campaign, failures: failed.length, failed, controls, hash, seconds })
  } else print(terminal, campaignText(campaign, controls, hash, seconds))
}

/** Lets Node handle Ctrl-C: a simulation itself waits for nothing outside the process. */
function signals(): Promise<void> {
  return setImmediate()
}

/** Describes the failure of a seed with as few faults and users as still cause it. */
async function storyOf(seed: number): Promise<string> {
  const { shrink } = await import('../../sim/shrink.ts')
  const { result, usersMax, faults } = await shrink(seed, {})
  const [violation] = result.violations
  return [
    `seed ${seed} breaks a rule: ${violation?.user}: ${violation?.what}`,
    `with ${faults.join(', ') || 'no fault'} and at most ${counted(usersMax, 'user')}:`,
    ...result.story(STORY_LINES_MAX),
    `repeat it with: search-session-ctr sim --seed ${seed}`,
  ].join('\n')
}

function campaignText(
  { seeds, failures, records, simulatedDays, faults }: Campaign,
  controls: Readonly<Record<string, number | null>> | null,
  hash: string | null,
  seconds: number,
): string {
  const failed = failures.map(({ seed }) => seed).join(', ')
  return [
    `${seeds} seeds, ${records} records, ${simulatedDays} simulated days in ${seconds} s`,
    failures.length === 0 ? 'no rule was broken' : `${counted(failures.length, 'seed')} broke a rule: ${failed}`,
    ...(hash === null ? [] : [`trace ${hash}`]),
    '',
    columns(Object.keys(faults).map((fault) => [fault, String(faults[fault as Fault])])),
    ...(controls === null ? [] : ['', 'wrong designs, and the first seed that shows each']),
    ...(controls === null
      ? []
      : [columns(Object.entries(controls).map(([control, seed]) => [control, seed === null ? 'MISSED' : `${seed}`]))]),
  ].join('\n')
}
