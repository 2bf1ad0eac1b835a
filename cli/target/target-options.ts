// Where a command works: the options that say so, for every command that needs them.

import type { Command } from 'commander'
import { STACK_NAME } from '../../infra/settings.ts'
import { UsageError } from '../../terminal/user-error.ts'
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
    .optionsGroup('Where:')
    .option('--stack <name>', 'the stack on AWS, whose outputs name everything', STACK_NAME)
    .option('--region <name>', 'its region (default: AWS_REGION, or that of the profile)')
    .option('--profile <name>', 'of your AWS configuration (default: AWS_PROFILE)')
    .option(
      '--local [path]',
      "instead, the local run that 'search-ctr local --keep' left up here, or told of at the path",
      parsePath,
    )
    .optionsGroup('Options:')
    .hook('preAction', (_, action) => checkTarget(action))
}

function checkTarget(command: Command): void {
  const isTyped = (name: string): boolean => command.getOptionValueSource(name) === 'cli'
  const named = ['stack', 'region', 'profile'].find(isTyped)
  if (isTyped('local') && named !== undefined)
    throw new UsageError(`--local is instead of a stack on AWS: leave it or --${named} out`)
}
