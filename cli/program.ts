// The commands: arguments in, one command run, its exit code out; mistakes and failures told in one sentence.

import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { SettingError } from '../infra/setting-kinds.ts'
import { STACK_NAME } from '../infra/settings.ts'
import { EXIT, EXIT_CODES_TEXT } from '../terminal/exit-codes.ts'
import { endQuietlyWhenClosed } from '../terminal/output.ts'
import { UsageError } from '../terminal/user-error.ts'
import { addDeadLetters } from './commands/dead-letters.ts'
import { addDemo } from './commands/demo.ts'
import { addDoctor } from './commands/doctor.ts'
import { addDrain } from './commands/drain.ts'
import { addForget } from './commands/forget.ts'
import { addGenerate } from './commands/generate.ts'
import { addLocal } from './commands/local.ts'
import { addProduce } from './commands/produce.ts'
import { addRedrive } from './commands/redrive.ts'
import { addReport } from './commands/report.ts'
import { addResults } from './commands/results.ts'
import { addSessions } from './commands/sessions.ts'
import { addSim } from './commands/sim.ts'
import { addTail } from './commands/tail.ts'
import { failureText } from './target/failure-text.ts'

export function searchCtr(): Command {
  const program = new Command('search-ctr')
    .description('User sessions and click-through rates from a stream of search events: everything from a terminal.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .helpCommand(false)
    .showHelpAfterError('(add --help for the options)')
    .exitOverride()
  program.commandsGroup('Send:')
  addProduce(program)
  addGenerate(program)
  program.commandsGroup('Read:')
  addResults(program)
  addSessions(program)
  addReport(program)
  addTail(program)
  program.commandsGroup('Look after:')
  addDoctor(program)
  addDeadLetters(program)
  addDrain(program)
  addForget(program)
  program.commandsGroup('On this machine:')
  addLocal(program)
  addDemo(program)
  addSim(program)
  addRedrive(program, true)
  return program.addHelpText(
    'after',
    `
Commands work on the stack ${STACK_NAME} of your AWS profile and region; --stack, --region and --profile name another,
and --local takes the run that 'search-ctr local --keep' left up. What lists something prints a table, or with --json
one JSON object a line.

Examples:
  search-ctr local --keep                     (in one terminal; and in another:)
  search-ctr generate | search-ctr produce - --local
  search-ctr results --user user-7 --local
  search-ctr doctor --profile production --region eu-west-1

${EXIT_CODES_TEXT}

All commands with what they print: docs/cli.md`,
  )
}

export async function runProgram(argv: readonly string[]): Promise<void> {
  endQuietlyWhenClosed()
  // A library's, out of anybody's reach: Node would show where it was thrown.
  process.once('uncaughtException', (error) => {
    console.error(failureText(error))
    process.exit(EXIT.failed)
  })
  try {
    await searchCtr().parseAsync([...argv])
  } catch (error) {
    process.exitCode = exitCodeOf(error)
    // The library has told it.
    if (!(error instanceof CommanderError)) console.error(failureText(error))
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrongUsage
  return error instanceof UsageError || error instanceof SettingError ? EXIT.wrongUsage : EXIT.failed
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}
