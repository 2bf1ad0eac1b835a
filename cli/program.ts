// The commands and their options: arguments in, each command's own function called; its mistakes told in one sentence.

import { Command, InvalidArgumentError } from 'commander'
import { SettingError } from '../infra/setting-kinds.ts'
import { UserError } from '../local/user-error.ts'
import { runDemo } from './demo-command.ts'
import { runForget } from './forget-command.ts'
import { runLocal } from './local-command.ts'
import { runRedrive } from './redrive-command.ts'
import { runSim } from './sim-command.ts'

export async function runProgram(argv: readonly string[]): Promise<void> {
  const program = new Command('search-session-ctr')
    .description('User sessions and click-through rates from a stream of search events.')
    .showHelpAfterError('(add --help for the options)')
  program
    .command('local')
    .description('run the deployed pipeline on this machine with a log of events')
    .option('--events <file>', 'events to play, one JSON object a line; - for standard input', parsePath)
    .option('--out <folder>', 'write summary.json and results.ndjson there instead of printing a table', parsePath)
    .option('--setting <name=value>', 'a setting of the deployment, repeatable', collectSetting, {})
    .option('--keep', 'leave the endpoints up, and print how to reach them, until Ctrl-C')
    .option('--port <number>', 'Kinesis listens here, DynamoDB and S3 on the next two (default: free ports)', parsePort)
    .option(
      '--data <folder>',
      'keep the stream and the tables there; a run on the same folder goes on where one was killed',
      parsePath,
    )
    .option('--chaos <rate>', 'let calls fail and functions die, at this rate from 0 to 0.5', parseRate)
    .addHelpText(
      'after',
      `
Examples:
  npm run local -- --events events.ndjson
  npm run --silent local -- --events - --out results < events.ndjson
  npm run local -- --events events.ndjson --setting gap=10m --setting lateness=30s
  npm run local -- --keep --port 4566`,
    )
    .action(runLocal)
  program
    .command('demo')
    .description("run the Bytewax tutorial's events and a generated log, and draw click-through by hour")
    .action(runDemo)
  program
    .command('redrive')
    .description('send what lies in the dead-letter bucket through the functions again; names are outputs of the stack')
    .requiredOption('--bucket <name>', 'DeadLetterBucketName')
    .requiredOption('--ingest <name>', 'IngestFunctionName')
    .requiredOption('--finalize <name>', 'FinalizeFunctionName')
    .option('--prefix <text>', 'only objects whose keys begin so, as rejected/2026-11-21/', '')
    .addHelpText(
      'after',
      `
Safe to repeat: an event that is there already is a duplicate, and a result is written by version. Nothing is deleted.

Example:
  npm run redrive -- --bucket "$BUCKET" --ingest "$INGEST" --finalize "$FINALIZE" --prefix aws/lambda/`,
    )
    .action(runRedrive)
  program
    .command('forget')
    .description('remove a person from sessions, results and dead letters; names are outputs of the stack')
    .requiredOption('--user <id>', 'as events name it')
    .requiredOption('--sessions <name>', 'SessionsTableName')
    .requiredOption('--results <name>', 'ResultsTableName')
    .requiredOption('--bucket <name>', 'DeadLetterBucketName')
    .option('--pseudonym-key <arn>', 'the secret of the setting pseudonymKeyArn, where it is set')
    .addHelpText(
      'after',
      `
Takes a minute, and forgets what the person does until it returns. Safe to repeat; if it is interrupted, repeat it.

Example:
  npm run forget -- --user ann --sessions "$SESSIONS" --results "$RESULTS" --bucket "$BUCKET"`,
    )
    .action(runForget)
  program
    .command('sim')
    .description(
      'simulate the pipeline with faults, one world a seed, and look for results that are not as they should be',
    )
    .option('--seeds <number>', 'how many', parseCount, 500)
    .option('--from <number>', 'the first of them', parseCount, 1)
    .option('--seed <number>', 'only this one', parseCount)
    .option('--json', 'print one line of JSON')
    .addHelpText(
      'after',
      `
Examples:
  npm run sim -- --seeds 500
  npm run --silent sim -- --seeds 2000 --json
  npm run sim -- --seed 625`,
    )
    .action(runSim)
  // A library's, out of anybody's reach: Node would show where it was thrown.
  process.once('uncaughtException', (error) => {
    tell(error)
    process.exit(1)
  })
  try {
    await program.parseAsync([...argv])
  } catch (error) {
    tell(error)
    process.exitCode = 1
  }
}

function tell(error: unknown): void {
  console.error(error instanceof UserError || error instanceof SettingError ? error.message : failureText(error))
}

/** What went wrong that is nobody's mistake at the terminal; where it did is told to who asks. */
function failureText(error: unknown): string {
  if (!(error instanceof Error)) return `Failed: ${String(error)}`
  if (process.env.DEBUG) return error.stack ?? error.message
  const { code } = error as NodeJS.ErrnoException
  return `Failed: ${error.message || code || error.name} (DEBUG=1 tells where)`
}

function collectSetting(text: string, settings: Readonly<Record<string, string>>): Record<string, string> {
  const equals = text.indexOf('=')
  if (equals < 1) throw new InvalidArgumentError('Expected name=value.')
  return { ...settings, [text.slice(0, equals)]: text.slice(equals + 1) }
}

function parsePath(text: string): string {
  if (text.trim() !== '') return text
  throw new InvalidArgumentError('Expected a path.')
}

function parseCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count < 2 ** 31) return count
  throw new InvalidArgumentError('Expected a whole number from 1.')
}

const RATE_MAX = 0.5

function parseRate(text: string): number {
  const rate = text.trim() === '' ? Number.NaN : Number(text)
  if (rate >= 0 && rate <= RATE_MAX) return rate
  throw new InvalidArgumentError(`Expected a number from 0 to ${RATE_MAX}.`)
}

const PORT_MAX = 65_533

function parsePort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 1 && port <= PORT_MAX) return port
  throw new InvalidArgumentError(`Expected a port from 1 to ${PORT_MAX}.`)
}
