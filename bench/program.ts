// The parts of the bench as commands: arguments in, each part measured, and what it found as JSON or tables out.

import { Command } from 'commander'
import { startProgress } from '../cli/progress.ts'
import { UserError } from '../local/user-error.ts'
import { measureCold } from './cold.ts'
import { unitsOf } from './committed-units.ts'
import { measureCore } from './core.ts'
import { coreText } from './core-text.ts'
import { measureCost } from './cost.ts'
import { costText } from './cost-text.ts'
import { measureIngest } from './ingest.ts'
import { measurePeers } from './peers/peers.ts'
import { peersText } from './peers/peers-text.ts'
import { measureScale } from './scale.ts'
import { scaleText } from './scale-text.ts'
import { coldText, ingestText } from './speed-text.ts'
import { measureSweep } from './sweep.ts'
import { sweepText } from './sweep-text.ts'

interface Part {
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
  const program = new Command('bench').description('What events cost and how fast they go.').showHelpAfterError()
  const all = program.command('all').description('every part, one after the other').option('--json', 'one line of JSON')
  all.action((options: { readonly json?: true }) => run(PARTS, options.json === true))
  for (const measured of PARTS) {
    program
      .command(measured.name)
      .description(measured.description)
      .option('--json', 'print one line of JSON')
      .action((options: { readonly json?: true }) => run([measured], options.json === true))
  }
  program
    .command('units')
    .description('what bench/units.json is to hold')
    .action(async () => console.log(JSON.stringify(unitsOf(await measureCost(() => {})), null, 2)))
  try {
    await program.parseAsync([...argv])
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}

/** One part's JSON is its report; of several, reports by name. */
async function run(parts: readonly Part[], asJson: boolean): Promise<void> {
  const progress = startProgress()
  const reports: Record<string, unknown> = {}
  for (const { name, measure } of parts) {
    const { json, text } = await measure((step) => progress.show(`${name}: ${step}`))
    progress.clear()
    reports[name] = json
    if (!asJson) console.log(parts.length === 1 ? text : `${name}\n\n${text}\n`)
  }
  const [only] = Object.values(reports)
  if (asJson) console.log(JSON.stringify(parts.length === 1 ? only : reports))
}
