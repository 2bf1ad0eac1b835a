// Defines the bench's commands: one for each part that it can measure, and one for all of them.

import { Command } from 'commander'
import { startProgress } from '../terminal/progress.ts'
import { isUnreachable } from '../terminal/unreachable.ts'
import { UserError } from '../terminal/user-error.ts'
import { measureCompare } from './compare/compare.ts'
import { compareText } from './compare/compare-text.ts'
import { unitsOf } from './cost/committed-units.ts'
import { measureCost } from './cost/cost.ts'
import { costText } from './cost/cost-text.ts'
import { measureScale } from './cost/scale.ts'
import { scaleText } from './cost/scale-text.ts'
import { measureSweep, sweepText } from './cost/sweep.ts'
import { measurePeers } from './peers/peers.ts'
import { peersText } from './peers/peers-text.ts'
import { closingText, measureClosing } from './speed/closing.ts'
import { coldText, measureCold } from './speed/cold.ts'
import { coreText, measureCore } from './speed/core.ts'
import { finalizingText, measureFinalizing } from './speed/finalizing.ts'
import { ingestText, measureIngest } from './speed/ingest.ts'
import { measureSumming, summingText } from './speed/summing.ts'

export interface Part {
  readonly name: string
  readonly description: string
  measure(onStep: (text: string) => void): Promise<{ readonly json: unknown; readonly text: string }>
}

function part<T>(
  name: string,
  description: string,
  measure: (onStep: (text: string) => void) => Promise<T>,
  text: (report: T) => string,
): Part {
  return {
    name,
    description,
    measure: async (onStep) => {
      const report = await measure(onStep)
      return { json: report, text: text(report) }
    },
  }
}

const PARTS: readonly Part[] = [
  part('cost', 'measure the DynamoDB units of fixed logs, beside a naive design', measureCost, costText),
  part('ingest', 'measure records a second and CPU of the bundled ingest', measureIngest, ingestText),
  part('core', 'measure events a second and memory of the domain alone', measureCore, coreText),
  part('finalize', 'measure sessions a second of CPU in the bundled finalize', measureFinalizing, finalizingText),
  part('rollup', 'measure what a rollup of an hour of ten million rows takes', measureSumming, summingText),
  part('cold', 'measure the sizes of the bundles, and the CPU of a start', measureCold, coldText),
  part(
    'sweep',
    'measure the sessions that a sweep closes a second, and its units and time by open and due sessions',
    async (onStep) => ({ closing: await measureClosing(onStep), costs: await measureSweep(onStep) }),
    ({ closing, costs }) => `${closingText(closing)}\n\n${sweepText(costs)}`,
  ),
  part('scale', 'compute what deployments of several sizes need and cost', measureScale, scaleText),
  part(
    'compare',
    'simulate tests of two variants, and count false alarms and found differences',
    measureCompare,
    compareText,
  ),
  part('peers', 'compare with Bytewax and Flink, if Python and Java are installed', measurePeers, peersText),
]

export async function runBench(argv: readonly string[]): Promise<void> {
  try {
    await benchProgram(PARTS).parseAsync([...argv])
  } catch (error) {
    console.error(failureText(error, process.env))
    process.exitCode = 1
  }
}

export function benchProgram(parts: readonly Part[]): Command {
  const program = new Command('bench')
    .description('Measure what events cost and how fast the pipeline is.')
    .showHelpAfterError()
  program
    .command('all', { isDefault: true })
    .description('measure every part, one after the other; the default')
    .option('--json', 'print one line of JSON')
    // Commander passes the name of an unknown part to the default command.
    .allowExcessArguments()
    .action((options: { readonly json?: true }, { args: [unknown] }: Command) => {
      if (unknown !== undefined) program.error(`error: there is no part '${unknown}'`)
      return runAll(parts, options.json === true)
    })
  for (const one of parts) {
    program
      .command(one.name)
      .description(one.description)
      .option('--json', 'print one line of JSON')
      .action((options: { readonly json?: true }) => runOne(one, options.json === true))
  }
  program
    .command('units')
    .description('measure the units and print what bench/units.json should hold')
    .action(async () => console.log(JSON.stringify(unitsOf(await measureCost(() => {})), null, 2)))
  return program
}

async function runOne({ name, measure }: Part, asJson: boolean): Promise<void> {
  const { json, text } = await measured(name, measure)
  console.log(asJson ? JSON.stringify(json) : text)
}

async function runAll(parts: readonly Part[], asJson: boolean): Promise<void> {
  const reports = await measureAll(parts, {
    measured: (name, text) => {
      if (!asJson) console.log(`${name}\n\n${text}\n`)
    },
    failed: (name, failure) => {
      console.error(`${name} failed: ${failure}`)
      process.exitCode = 1
    },
  })
  if (asJson) console.log(JSON.stringify(reports))
}

/**
 * Measures every part, even where another fails.
 *
 * @returns the report of each part by name. A part that failed has `{ failure }` instead.
 */
export async function measureAll(
  parts: readonly Part[],
  report: { measured(name: string, text: string): void; failed(name: string, failure: string): void },
): Promise<Record<string, unknown>> {
  const reports: Record<string, unknown> = {}
  for (const { name, measure } of parts) {
    try {
      const { json, text } = await measured(name, measure)
      reports[name] = json
      report.measured(name, text)
    } catch (error) {
      const failure = failureText(error, process.env)
      reports[name] = { failure }
      report.failed(name, failure)
    }
  }
  return reports
}

async function measured(name: string, measure: Part['measure']): ReturnType<Part['measure']> {
  const progress = startProgress(process.stderr)
  try {
    return await measure((step) => progress.show(`${name}: ${step}`))
  } finally {
    progress.clear()
  }
}

/**
 * Returns the message of a failure that a person can act on, and the stack trace of a defect.
 *
 * @param env may name services that the bench does not start itself.
 */
export function failureText(error: unknown, env: NodeJS.ProcessEnv): string {
  if (error instanceof UserError) return error.message
  if (!(error instanceof Error)) return String(error)
  const { code, message } = error as NodeJS.ErrnoException
  const given = ENDPOINTS.filter((name) => env[name]).map((name) => `${name}=${env[name]}`)
  if (given.length > 0 && isUnreachable(error)) {
    return `no service answers (${message || code}) at ${given.join(' or ')}: start it, or unset the variable to start an emulator`
  }
  return error.stack ?? message
}

const ENDPOINTS = ['DYNAMODB_ENDPOINT', 'KINESIS_ENDPOINT', 'S3_ENDPOINT'] as const
