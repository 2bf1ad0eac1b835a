// Assembles the commands, runs one of them, and prints an error as one sentence.

import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { SettingError } from '../infra/setting-kinds.ts'
import { STACK_NAME } from '../infra/stack-settings.ts'
import { EXIT, EXIT_TEXT } from '../terminal/exit-codes.ts'
import { note } from '../terminal/output.ts'
import type { Shell, Terminal } from '../terminal/terminal.ts'
import { InterruptedError, UsageError, UserError } from '../terminal/user-error.ts'
import { COMMAND_GROUPS } from './command-table.ts'
import { HELP_LAYOUT, HELP_WIDTH, helpText } from './commands/help.ts'
import { missingProfileText } from './target/aws-profile.ts'
import { type FailureContext, failureText } from './target/failure-text.ts'
import { servicesOf, type TargetOptions } from './target/target-options.ts'

/** Follows every error of usage. */
const HELP_HINT = '(--help lists the commands and options)'

/** Longer than any exit code. */
const CODE_WIDTH = 3

/**
 * Returns the program. It prints on the terminal's streams only, and never ends the process.
 *
 * @param isLoaded chooses the commands that get their options and actions. Each of them takes its
 * time; the others are only listed.
 */
export async function searchCtr(
  terminal: Terminal,
  isLoaded: (name: string) => boolean = () => true,
): Promise<Command> {
  const program = new Command('search-session-ctr')
    .description('Sends search events to the pipeline, reads its sessions and click-through rates, and maintains it.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .showHelpAfterError(HELP_HINT)
    .exitOverride()
    .configureHelp(HELP_LAYOUT)
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, '')),
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      getOutHelpWidth: () => terminal.stdout.columns || HELP_WIDTH,
      getErrHelpWidth: () => terminal.stderr.columns || HELP_WIDTH,
    })
  for (const { heading, commands } of COMMAND_GROUPS) {
    if (heading !== null) program.commandsGroup(heading)
    for (const { name, summary, load } of commands) {
      const command = program.command(name, { hidden: heading === null }).description(summary)
      if (isLoaded(name)) (await load())(command, terminal)
    }
  }
  return program.addHelpText('after', () => helpAfter(program))
}

function helpAfter(program: Command): string {
  const { wrapped, item } = helpText(program)
  const details = `Commands work on the stack ${STACK_NAME} of your AWS profile and region, except those on this
machine. --stack, --region and --profile name another stack. --local names the run on this machine that
'search-session-ctr local --keep' started. A command that lists something prints a table, or with --json one
JSON object a line.`
  const codes = Object.entries(EXIT_TEXT).map(([name, text]) =>
    item(String(EXIT[name as keyof typeof EXIT]), CODE_WIDTH, text),
  )
  return `
${wrapped(details)}

Examples:
  search-session-ctr local --keep     (in one terminal; then in another:)
  search-session-ctr generate | search-session-ctr produce - --local
  search-session-ctr results --user user-7 --local
  search-session-ctr doctor --profile production --region eu-west-1

Exit codes:
${codes.join('\n')}

${wrapped(`'search-session-ctr help COMMAND' prints the options of a command. docs/cli.md shows what each prints.`)}`
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
  const { env } = terminal
  let context: FailureContext = { hasStack: Boolean(env.DEBUG), env }
  try {
    const program = await searchCtr(terminal, (name) => args.includes(name))
    program.hook('preAction', (_, command) => {
      const options = command.opts<Partial<TargetOptions>>()
      const services = ON_EMULATORS.has(command.name()) ? 'emulators' : servicesOf(options)
      context = { ...context, services, profile: options.profile }
      // The SDK would use other credentials where it finds some, and so perhaps another account.
      const missing =
        options.profile === undefined || services !== 'aws' ? null : missingProfileText(options.profile, env)
      if (missing !== null) throw new UserError(missing)
    })
    await program.parseAsync(withOptions(args, program), { from: 'user' })
    return terminal.exitCode
  } catch (error) {
    // Commander has printed its own errors.
    if (!(error instanceof CommanderError)) {
      note(terminal, failureText(error, context))
      if (error instanceof UsageError) note(terminal, HELP_HINT)
    }
    return exitCodeOf(error)
  }
}

/**
 * `help results` is `results --help`, and `version` is `--version`. With `--help`, Commander would
 * accept an unknown command.
 */
function withOptions(args: readonly string[], program: Command): readonly string[] {
  const [first, ...rest] = args
  if (first === 'version' && rest.length === 0) return ['--version']
  const named = program.commands.find((command) => command.name() === first)
  // Also after a command that has commands of its own.
  if (named !== undefined && named.commands.length > 0 && rest[0] === 'help')
    return [named.name(), ...withOptions(rest, named)]
  if (first !== 'help') return args
  const [name] = rest
  if (name === 'help' || name === 'version') return ['--help']
  const isKnown = name === undefined || program.commands.some((command) => command.name() === name)
  return isKnown ? [...rest, '--help'] : rest
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrongUsage
  if (error instanceof InterruptedError) return EXIT.interrupted
  return error instanceof UsageError || error instanceof SettingError ? EXIT.wrongUsage : EXIT.failed
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}
