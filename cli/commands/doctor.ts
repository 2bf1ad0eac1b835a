// `doctor`: a target in; whether it is well, what is wrong and what to type next, out.

import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import type { Command } from 'commander'
import { readSweepEnvironment } from '../../functions/aws/runtime/environment.ts'
import { STACK_NAME } from '../../infra/settings.ts'
import { EXIT } from '../../terminal/exit-codes.ts'
import { type Paint, paintFor, print, printJson } from '../../terminal/output.ts'
import { startProgress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { printable } from '../../terminal/text-table.ts'
import { UserError } from '../../terminal/user-error.ts'
import { type Finding, ok, trouble } from '../doctor/finding.ts'
import { pipelineChecks, type SweepEnvironment } from '../doctor/pipeline-checks.ts'
import { stackChecks } from '../doctor/stack-checks.ts'
import { failureText } from '../target/failure-text.ts'
import { awsConfig, openTarget, type Target } from '../target/target.ts'
import { type TargetOptions, withTarget } from '../target/target-options.ts'

interface DoctorOptions extends TargetOptions {
  readonly json?: true
}

export function addDoctor(program: Command, terminal: Terminal): void {
  const command = program
    .command('doctor')
    .description('check credentials, stack, functions, lag, alarms and dead letters, and say what is wrong')
    .option('--json', 'one finding a line, as a JSON object')
  withTarget(command)
    .addHelpText(
      'after',
      `
Only reads. Exit code 0: all is well; 3: something is wrong, and each line of it says what to type next. What may not be
looked at is told, and is not taken for wrong.

Examples:
  search-ctr doctor
  search-ctr doctor --profile production --region eu-west-1
  search-ctr doctor --local --json`,
    )
    .action((options) => runDoctor(options, terminal))
}

async function runDoctor(options: DoctorOptions, terminal: Terminal): Promise<void> {
  const progress = startProgress(terminal.stderr)
  progress.show('looking')
  const findings = await findingsOf(options, terminal.cwd, Date.now())
  progress.clear()
  for (const finding of findings) {
    if (options.json) printJson(terminal, finding)
    else print(terminal, findingText(finding, paintFor(terminal)))
  }
  const troubles = findings.filter(({ status }) => status === 'trouble').length
  if (troubles > 0) terminal.exitCode = EXIT.foundTrouble
  if (!options.json)
    print(
      terminal,
      troubles === 0 ? '\nAll is well.' : `\n${troubles} ${troubles === 1 ? 'thing is' : 'things are'} wrong.`,
    )
}

export async function findingsOf(options: TargetOptions, folder: string, nowMs: number): Promise<Finding[]> {
  const here = [ok('versions', `Node ${process.versions.node} on ${process.platform}-${process.arch}`)]
  if (options.local === undefined) {
    const credentials = await credentialsCheck(options)
    here.push(credentials)
    if (credentials.status === 'trouble') return here
  }
  let target: Target
  try {
    target = await openTarget(options, folder)
  } catch (error) {
    return [...here, trouble(options.local === undefined ? 'stack' : 'local run', failureText(error), null)]
  }
  const where = whereText(options)
  const kept = target.runningPipeline
  if (kept !== null)
    here.push(ok('local run', `process ${kept.pid}, since ${kept.startedAt.slice(0, 19).replace('T', ' ')}`))
  else here.push(...(await stackChecks(target, awsConfig(options), nowMs)))
  return [...here, ...(await pipelineChecks(target, sweepEnvironment(target), where, nowMs))]
}

async function credentialsCheck(options: TargetOptions): Promise<Finding> {
  const sts = new STSClient(awsConfig(options))
  try {
    const { Account: account, Arn: arn } = await sts.send(new GetCallerIdentityCommand({}))
    return ok('credentials', `account ${account} as ${arn?.split(':').at(-1)}, region ${await sts.config.region()}`)
  } catch (error) {
    return trouble('credentials', failureText(error), null)
  }
}

/** What the sweep reads at its start; asked for once. */
function sweepEnvironment({ runningPipeline, clients, outputs }: Target): () => Promise<SweepEnvironment> {
  let asked: Promise<SweepEnvironment> | undefined
  const ask = async (): Promise<SweepEnvironment> => {
    const name = outputs.SweepFunctionName
    if (runningPipeline !== null) return readSweepEnvironment(runningPipeline.environments[name] ?? {})
    const found = await clients.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }))
    const variables = found.Environment?.Variables
    if (variables === undefined) throw new UserError(`the settings of ${name} may not be read`)
    return readSweepEnvironment(variables)
  }
  return () => {
    asked ??= ask()
    return asked
  }
}

/** The options again, for what to type next. */
function whereText({ stack, region, profile, local }: TargetOptions): string {
  if (local !== undefined) return local === true ? ' --local' : ` --local ${local}`
  return [
    stack === STACK_NAME ? '' : ` --stack ${stack}`,
    region === undefined ? '' : ` --region ${region}`,
    profile === undefined ? '' : ` --profile ${profile}`,
  ].join('')
}

const MARKS = { ok: ['green', 'ok     '], trouble: ['red', 'WRONG  '], unknown: ['yellow', 'unknown'] } as const

function findingText({ check, status, says, next }: Finding, paint: Paint): string {
  const [style, mark] = MARKS[status]
  const line = `${paint(style, mark)}  ${check.padEnd(20)}  ${printable(says)}`
  return next === null ? line : `${line}\n${' '.repeat(31)}-> ${next}`
}
