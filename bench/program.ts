// The parts of the bench as commands: arguments in, each part measured, and what it found as JSON or tables out.

import { Command } from 'commander'
import { startProgress } from '../terminal/progress.ts'
import { measureCold } from './cold.ts'
import { unitsOf } from './committed-units.ts'
import { measureCore } from './core.ts'
import { coreText } from './core-text.ts'
import { measureCost } from './cost.ts'
import { costText } from './cost-text.ts'
import { failureText } from './failure-text.ts'
import { measureIngest } from './ingest.ts'
import { measurePeers } from './peers/peers.ts'
import { peersText } from './peers/peers-text.ts'
import { measureScale } from './scale.ts'
import { scaleText } from './scale-text.ts'
import { coldText, ingestText } from './speed-text.ts'
import { measureSweep } from './sweep.ts'
import { sweepText } from './sweep-text.ts'

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
  part('cost', 'DynamoDB units of fixed logs, beside a naive design and the limit', measureCost, costText),
  part('ingest', 'the bundled ingest over HTTP to a stub: records a second, and CPU', measureIngest, ingestText),
  part('core', 'the domain alone on one core: events a second, and memory', measureCore, coreText),
  part('cold', 'bundles: sizes, CPU of loading and of a first request', measureCold, coldText),
  part('sweep', 'units and time of a sweep, by how many sessions are open and due', measureSweep, sweepText),
  part('scale', 'a model from the measured numbers: what sizes need and cost', measureScale, scaleText),
  part('peers', 'Bytewax and Flink on the same logs, where Python and Java are', measurePeers, peersText),
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
  const program = new Command('bench').description('What events cost and how fast they go.').showHelpAfterError()
  program
    .command('all', { isDefault: true })
    .description('every part, one after the other; also without a name')
    .option('--json', 'one line of JSON')
    // A part that is not known ends up here too, and is answered with the names of all.
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
    .description('what bench/units.json is to hold')
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

/** A part that fails takes nothing from the others: under its name stands why, instead of a report. */
export async function measureAll(
  parts: readonly Part[],
  tell: { measured(name: string, text: string): void; failed(name: string, failure: string): void },
): Promise<Record<string, unknown>> {
  const reports: Record<string, unknown> = {}
  for (const { name, measure } of parts) {
    try {
      const { json, text } = await measured(name, measure)
      reports[name] = json
      tell.measured(name, text)
    } catch (error) {
      const failure = failureText(error, process.env)
      reports[name] = { failure }
      tell.failed(name, failure)
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
