// Defines the options that name the pipeline a command works on.

import type { Command } from 'commander'
import { STACK_NAME } from '../../infra/stack-settings.ts'
import { shellWord } from '../../terminal/text-table.ts'
import { UsageError } from '../../terminal/user-error.ts'
import type { Services } from './failure-text.ts'
import { parsePath } from './option-values.ts'

export interface TargetOptions {
  readonly stack: string
  readonly region?: string
  readonly profile?: string
  /** True without a path. */
  readonly local?: string | true
}

export function withTarget(command: Command): Command {
  return command
    .optionsGroup('Pipeline:')
    .option('--stack <name>', 'the stack on AWS; its outputs name the stream, tables and functions', STACK_NAME)
    .option('--region <name>', "the stack's AWS region (default: AWS_REGION, or the profile's region)")
    .option('--profile <name>', 'a profile of your AWS configuration (default: AWS_PROFILE)')
    .option(
      '--local [path]',
      "instead of a stack, the run that 'search-session-ctr local --keep' started in this folder, or the run at the path",
      parsePath,
    )
    .optionsGroup('Options:')
    .hook('preAction', (_, action) => checkTarget(action))
}

/** The services that the options name, for the text of a failure. */
export function servicesOf({ local }: Pick<Partial<TargetOptions>, 'local'>): Services {
  return local === undefined ? 'aws' : 'local-run'
}

function checkTarget(command: Command): void {
  const isTyped = (name: string): boolean => command.getOptionValueSource(name) === 'cli'
  const named = ['stack', 'region', 'profile'].find(isTyped)
  if (isTyped('local') && named !== undefined)
    throw new UsageError(`--local replaces a stack on AWS: leave it or --${named} out`)
}

/**
 * The options as text that a person can paste after another command; begins with a blank unless
 * empty.
 */
export function targetText({ stack, region, profile, local }: TargetOptions): string {
  if (local !== undefined) return local === true ? ' --local' : ` --local ${shellWord(local)}`
  return [
    stack === STACK_NAME ? '' : ` --stack ${shellWord(stack)}`,
    region === undefined ? '' : ` --region ${shellWord(region)}`,
    profile === undefined ? '' : ` --profile ${shellWord(profile)}`,
  ].join('')
}
