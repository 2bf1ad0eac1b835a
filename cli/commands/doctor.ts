// Implements `doctor`, which checks a pipeline and prints what is wrong and what to do next.

import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import type { Command } from 'commander'
import { readSweepEnvironment } from '../../functions/aws/runtime/environment.ts'
import { EXIT } from '../../terminal/exit-codes.ts'
import { type Paint, paintFor, print, printJson } from '../../terminal/output.ts'
import { startProgress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { counted, printable } from '../../terminal/text-table.ts'
import { type Finding, ok, wrong } from '../doctor/finding.ts'
import { pipelineChecks, type SweepEnvironment } from '../doctor/pipeline-checks.ts'
import { stackChecks } from '../doctor/stack-checks.ts'
import { failureText } from '../target/failure-text.ts'
import { functionVariables } from '../target/function-environment.ts'
import { openTarget, type Target } from '../target/target.ts'
import { awsConfig } from '../target/target-clients.ts'
import { servicesOf, type TargetOptions, targetText, withTarget } from '../target/target-options.ts'
import { withHelp } from './help.ts'

interface DoctorOptions extends TargetOptions {
  readonly json?: true
}

export function defineDoctor(command: Command, terminal: Terminal): void {
  command.option('--json', 'print each finding as one line of JSON: check, status, message, next')
  withHelp(withTarget(command), {
    details: `doctor only reads. For each check that fails, it prints the command to type or the page to read next.
A check that the credentials do not allow is 'unknown', and does not change the exit code.`,
    examples: [
      'search-session-ctr doctor',
      'search-session-ctr doctor --profile production --region eu-west-1',
      'search-session-ctr doctor --local --json',
    ],
    findings: 'something is wrong',
  }).action((options) => runDoctor(options, terminal))
}

async function runDoctor(options: DoctorOptions, terminal: Terminal): Promise<void> {
  const progress = startProgress(terminal.stderr)
  progress.show('checking')
  const findings = await findingsOf(options, terminal, Date.now())
  progress.clear()
  for (const finding of findings) {
    if (options.json) printJson(terminal, finding)
    else print(terminal, findingText(finding, paintFor(terminal)))
  }
  const count = new Set(findings.flatMap(({ status, check }) => (status === 'wrong' ? check : []))).size
  if (count > 0) terminal.exitCode = EXIT.findings
  if (options.json) return
  print(terminal, count === 0 ? '\nAll checks passed.' : `\n${counted(count, 'check')} failed.`)
}

export async function findingsOf(
  options: TargetOptions,
  { cwd, env }: Pick<Terminal, 'cwd' | 'env'>,
  nowMs: number,
): Promise<Finding[]> {
  const findings = [ok('versions', `Node ${process.versions.node} on ${process.platform}-${process.arch}`)]
  if (options.local === undefined) {
    const credentials = await credentialsCheck(options, env)
    findings.push(credentials)
    if (credentials.status === 'wrong') return findings
  }
  let target: Target
  try {
    target = await openTarget(options, cwd)
  } catch (error) {
    return [
      ...findings,
      wrong(
        options.local === undefined ? 'stack' : 'local run',
        failureText(error, { services: servicesOf(options), profile: options.profile, env }),
        null,
      ),
    ]
  }
  const running = target.runningPipeline
  if (running === null) findings.push(...(await stackChecks(target, awsConfig(options), nowMs)))
  else {
    const start = running.startedAt.slice(0, 19).replace('T', ' ')
    findings.push(ok('local run', `process ${running.pid}, since ${start}`))
  }
  return [...findings, ...(await pipelineChecks(target, sweepEnvironment(target), targetText(options), nowMs))]
}

async function credentialsCheck(options: TargetOptions, env: Terminal['env']): Promise<Finding> {
  const sts = new STSClient(awsConfig(options))
  try {
    const { Account: account, Arn: arn } = await sts.send(new GetCallerIdentityCommand({}))
    return ok('credentials', `account ${account} as ${arn?.split(':').at(-1)}, region ${await sts.config.region()}`)
  } catch (error) {
    return wrong('credentials', failureText(error, { profile: options.profile, env }), null)
  }
}

/** Returns a function that reads the settings of the sweep function, and asks AWS for them once. */
function sweepEnvironment(target: Target): () => Promise<SweepEnvironment> {
  let read: Promise<SweepEnvironment> | undefined
  return () => {
    read ??= functionVariables(target.outputs.SweepFunctionName, target).then(readSweepEnvironment)
    return read
  }
}

const LABELS = { ok: ['green', 'ok     '], wrong: ['red', 'WRONG  '], unknown: ['yellow', 'unknown'] } as const

function findingText({ check, status, message, next }: Finding, paint: Paint): string {
  const [style, label] = LABELS[status]
  const line = `${paint(style, label)}  ${check.padEnd(20)}  ${printable(message)}`
  return next === null ? line : `${line}\n${' '.repeat(31)}-> ${next}`
}
