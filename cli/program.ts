// Assembles the commands, runs one of them, and prints an error as one sentence.

import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { SettingError } from '../infra/setting-kinds.ts'
import { STACK_NAME } from '../infra/settings.ts'
import { EXIT, EXIT_CODES_TEXT } from '../terminal/exit-codes.ts'
import { note } from '../terminal/output.ts'
import type { Shell, Terminal } from '../terminal/terminal.ts'
import { UsageError } from '../terminal/user-error.ts'
import { addDeadLetters } from './commands/dead-letters.ts'
import { addDemo } from './commands/demo.ts'
import { addDoctor } from './commands/doctor.ts'
import { addDrain } from './commands/drain.ts'
import { addForget } from './commands/forget.ts'
import { addGenerate } from './commands/generate.ts'
import { wrapped } from './commands/help.ts'
import { addLocal } from './commands/local.ts'
import { addProduce } from './commands/produce.ts'
import { addRedrive } from './commands/redrive.ts'
import { addRefinalize } from './commands/refinalize.ts'
import { addReport } from './commands/report.ts'
import { addResults } from './commands/results.ts'
import { addSessions } from './commands/sessions.ts'
import { addSim } from './commands/sim.ts'
import { addTail } from './commands/tail.ts'
import { failureText, type Services } from './target/failure-text.ts'
import { servicesOf } from './target/target-options.ts'

/** Follows every error of usage. */
const HELP_HINT = '(--help lists the commands and options)'

/** Characters in a line of help where the output is no terminal. */
const HELP_WIDTH = 80

/**
 * The program with all its commands. It prints on the terminal's streams only, and never ends the
 * process.
 */
export function searchCtr(terminal: Terminal): Command {
  const program = new Command('search-session-ctr')
    .description('Sends search events to the pipeline, reads its sessions and click-through rates, and maintains it.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .showHelpAfterError(HELP_HINT)
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, '')),
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      getOutHelpWidth: () => terminal.stdout.columns ?? HELP_WIDTH,
      getErrHelpWidth: () => terminal.stderr.columns ?? HELP_WIDTH,
    })
  program.commandsGroup('Send:')
  addProduce(program, terminal)
  addGenerate(program, terminal)
  program.commandsGroup('Read:')
  addResults(program, terminal)
  addSessions(program, terminal)
  addReport(program, terminal)
  addTail(program, terminal)
  program.commandsGroup('Maintain:')
  addDoctor(program, terminal)
  addDeadLetters(program, terminal)
  addDrain(program, terminal)
  addForget(program, terminal)
  addRefinalize(program, terminal)
  program.commandsGroup('On this machine:')
  addLocal(program, terminal)
  addDemo(program, terminal)
  addSim(program, terminal)
  addRedrive(program, terminal, true)
  const details = `Commands work on the stack ${STACK_NAME} of your AWS profile and region, except those on this
machine. --stack, --region and --profile name another stack. --local names the run on this machine that
'search-session-ctr local --keep' started. A command that lists something prints a table, or with --json one
JSON object a line.`
  return program.addHelpText(
    'after',
    () => `
${wrapped(details, program)}

Examples:
  search-session-ctr local --keep     (in one terminal; then in another:)
  search-session-ctr generate | search-session-ctr produce - --local
  search-session-ctr results --user user-7 --local
  search-session-ctr doctor --profile production --region eu-west-1

${EXIT_CODES_TEXT}

docs/cli.md shows what each command prints.`,
  )
}

/**
 * Runs one command and returns its exit code. Several commands may run in one process, one after
 * the other or at the same time.
 *
 * @param args the words that follow `search-session-ctr`.
 */
export function runCommand(args: readonly string[], shell: Shell): Promise<number> {
  return new Promise((resolve) => {
    const end = (code: number): void => {
      shell.end(code)
      resolve(code)
    }
    const handlers = new Set<() => void>()
    const onSignal: Shell['onSignal'] = (handler) => {
      handlers.add(handler)
      const remove = shell.onSignal(handler)
      return () => {
        handlers.delete(handler)
        remove()
      }
    }
    const terminal: Terminal = { ...shell, exitCode: EXIT.done, end, onSignal }
    let isInterrupted = false
    const stopListening = shell.onSignal(() => {
      if (!isInterrupted)
        note(terminal, `${shell.stderr.isTTY ? '\n' : ''}search-session-ctr ${args[0] ?? ''} was interrupted.`)
      isInterrupted = true
      // Otherwise the command ends when its own clean-up is done.
      if (handlers.size === 0) end(EXIT.interrupted)
    })
    const onError = (error: NodeJS.ErrnoException): void => {
      // A reader such as `head` that has seen enough closes the pipe, which is no failure.
      if (error.code === 'EPIPE') end(terminal.exitCode)
      else {
        note(terminal, failureText(error))
        end(EXIT.failed)
      }
    }
    shell.stdout.on('error', onError)
    parse(args, terminal)
      .then(resolve)
      .finally(() => {
        stopListening()
        shell.stdout.off('error', onError)
      })
  })
}

/** The commands that start emulators, unless the environment names running ones. */
const ON_EMULATORS: ReadonlySet<string> = new Set(['local', 'demo'])

async function parse(args: readonly string[], terminal: Terminal): Promise<number> {
  let services: Services = 'aws'
  const program = searchCtr(terminal).hook('preAction', (_, command) => {
    services = ON_EMULATORS.has(command.name()) ? 'emulators' : servicesOf(command.opts())
  })
  try {
    await program.parseAsync(withHelpOption(args, program), { from: 'user' })
    return terminal.exitCode
  } catch (error) {
    // Commander has printed its own errors.
    if (!(error instanceof CommanderError)) {
      note(terminal, failureText(error, { hasStack: Boolean(terminal.env.DEBUG), services }))
      if (error instanceof UsageError) note(terminal, HELP_HINT)
    }
    return exitCodeOf(error)
  }
}

/** `help results` is `results --help`. With `--help`, Commander would accept an unknown command. */
function withHelpOption(args: readonly string[], program: Command): readonly string[] {
  const [first, ...rest] = args
  if (first !== 'help') return args
  const [name] = rest
  const isKnown = name === undefined || program.commands.some((command) => command.name() === name)
  return isKnown ? [...rest, '--help'] : rest
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
