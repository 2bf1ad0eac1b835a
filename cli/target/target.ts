// Opens the pipeline that a command works on: a stack on AWS, or a pipeline that runs on this
// machine.

import { resolve } from 'node:path'
import type { Stack } from '@aws-sdk/client-cloudformation'
import { DEFAULT_RUNNING_PATH, type RunningPipeline, readRunningPipeline } from '../../local/run/running-pipeline.ts'
import { UserError } from '../../terminal/user-error.ts'
import type { TargetClients } from './target-clients.ts'
import type { TargetOptions } from './target-options.ts'

const OUTPUTS = [
  'StreamName',
  'ResultsTableName',
  'SessionsTableName',
  'DeadLetterBucketName',
  'IngestFunctionName',
  'SweepFunctionName',
  'FinalizeFunctionName',
] as const

export type Outputs = { readonly [name in (typeof OUTPUTS)[number]]: string } & {
  /** Undefined with `rollups: off`. */
  readonly RollupFunctionName?: string
}

export interface Target {
  /** Names the pipeline in a sentence: `stack SearchSessionCtr in eu-west-1`. */
  readonly title: string
  /** Identifies the stream, so that `produce` can remember which lines it sent there. */
  readonly streamId: string
  readonly outputs: Outputs
  readonly clients: TargetClients
  /** Null for a stack. */
  readonly runningPipeline: RunningPipeline | null
  /** Null for a local run. */
  readonly stack: Stack | null
}

/** Throws a UserError for a pipeline with `rollups: off`, which has no sums and no hour index. */
export function checkHasRollups({ title, outputs }: Pick<Target, 'title' | 'outputs'>): void {
  if (outputs.RollupFunctionName !== undefined) return
  throw new UserError(
    `The rows of ${title} are neither indexed by hour nor summed (setting rollups: off): 'search-session-ctr results --user ID' reads them.`,
  )
}

/** A pipeline of which only these outputs are known. */
export interface NamedTarget<K extends keyof Outputs> extends Pick<Target, 'title' | 'clients' | 'runningPipeline'> {
  readonly outputs: Pick<Outputs, K>
}

/** Loading the SDK takes a third of a second, for which the help of a command should not wait. */
function targetClients() {
  return import('./target-clients.ts')
}

/** @param folder the folder that the command runs in. */
export async function openTarget(options: TargetOptions, folder: string): Promise<Target> {
  if (options.local === undefined) return openStack(options)
  const runningPipeline = await readRunningPipeline(
    resolve(folder, options.local === true ? DEFAULT_RUNNING_PATH : options.local),
  )
  const { localClients } = await targetClients()
  return {
    title: 'the local run',
    streamId: `local ${runningPipeline.startedAt} ${runningPipeline.outputs.StreamName}`,
    outputs: checkedOutputs(runningPipeline.outputs, 'the local run'),
    clients: localClients(runningPipeline.endpoints),
    runningPipeline,
    stack: null,
  }
}

/**
 * Opens a pipeline whose outputs the options may name. Asks no stack if they name all of them, so
 * that the command also works on a pipeline in a stack of another project.
 *
 * @param named the outputs that the command needs; undefined where an option is absent.
 */
export async function openNamed<K extends keyof Outputs>(
  named: { readonly [name in K]: string | undefined },
  options: TargetOptions,
  folder: string,
): Promise<NamedTarget<K>> {
  const given = Object.fromEntries(Object.entries(named).filter(([, name]) => name !== undefined))
  const isWhole = Object.keys(given).length === Object.keys(named).length
  if (isWhole && options.local === undefined)
    return {
      title: 'the named pipeline',
      outputs: given as Pick<Outputs, K>,
      clients: (await targetClients()).awsClients(options),
      runningPipeline: null,
    }
  const target = await openTarget(options, folder)
  return { ...target, outputs: { ...target.outputs, ...given } }
}

async function openStack(options: TargetOptions): Promise<Target> {
  const { awsClients, describeStack } = await targetClients()
  const { stack, region } = await describeStack(options)
  const title = `stack ${options.stack} in ${region}`
  const found = (stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue])
  const outputs = Object.fromEntries(found) as Readonly<Record<string, string>>
  return {
    title,
    streamId: outputs.StreamArn ?? `${title} ${outputs.StreamName}`,
    outputs: checkedOutputs(outputs, title),
    clients: awsClients(options),
    runningPipeline: null,
    stack,
  }
}

function checkedOutputs(outputs: Readonly<Record<string, string>>, title: string): Outputs {
  const missing = OUTPUTS.find((name) => outputs[name] === undefined)
  if (missing === undefined) return outputs as Outputs
  throw new UserError(
    `The output ${missing} is missing in ${title}: is it a stack of this project, and of this version?`,
  )
}
