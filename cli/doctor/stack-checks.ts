// The doctor's look at what AWS says of a stack: its state, functions, mappings, alarms in; findings out.

import { CloudWatchClient, DescribeAlarmsCommand, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import {
  GetFunctionConfigurationCommand,
  type GetFunctionConfigurationCommandOutput,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda'
import { HOUR_MS } from '../../functions/domain/durations.ts'
import type { ClientConfig, Target } from '../target/target.ts'
import { type Finding, looked, ok, trouble } from './finding.ts'
import { durationText } from './pipeline-checks.ts'

/** What the log says of a failure may be long. */
const FAILURE_CHARACTERS_MAX = 160
const RUNBOOK = /See docs\/operations\.md, (?<heading>\w+)\./

interface Clients {
  readonly cloudWatch: CloudWatchClient
  readonly logs: CloudWatchLogsClient
}

export async function stackChecks(target: Target, config: ClientConfig, nowMs: number): Promise<Finding[]> {
  const clients = { cloudWatch: new CloudWatchClient(config), logs: new CloudWatchLogsClient(config) }
  const names = Object.entries(target.outputs).filter(([output]) => output.endsWith('FunctionName'))
  const findings: Finding[] = [stackCheck(target)]
  for (const [output, name] of names) {
    const title = output.replace('FunctionName', '').toLowerCase()
    findings.push(...(await looked(title, () => functionCheck(title, name, target, clients, nowMs))))
  }
  for (const [output, name] of names) {
    const title = output.replace('FunctionName', '').toLowerCase()
    findings.push(...(await looked(`mapping of ${title}`, () => mappingChecks(title, name, target))))
  }
  findings.push(...(await looked('age', () => ageCheck(target, clients, nowMs))))
  findings.push(...(await looked('alarms', () => alarmChecks(target.stack?.StackName ?? '', clients))))
  return findings
}

function stackCheck({ stack, title }: Target): Finding {
  const status = stack?.StackStatus ?? 'unknown'
  const isWell = /^(CREATE|UPDATE|IMPORT)_COMPLETE$|_IN_PROGRESS$/.test(status)
  const says = `${title}: ${status}`
  const next = `aws cloudformation describe-stack-events --stack-name ${stack?.StackName}`
  return isWell ? ok('stack', says) : trouble('stack', says, next)
}

async function functionCheck(
  title: string,
  name: string,
  { clients }: Target,
  { cloudWatch, logs }: Clients,
  nowMs: number,
): Promise<Finding> {
  const found = await clients.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }))
  if (found.State !== 'Active' || found.LastUpdateStatus === 'Failed') {
    const why = found.StateReason ?? found.LastUpdateStatusReason ?? 'no reason given'
    return trouble(title, `${found.State}, last update ${found.LastUpdateStatus}: ${why}`, 'npx cdk deploy')
  }
  const errors = await metric(cloudWatch, 'Errors', 'Sum', name, nowMs - HOUR_MS, nowMs)
  if (errors === 0) return ok(title, `${found.Runtime}, no error in the last hour`)
  const failure = await lastFailure(logs, found, nowMs).catch(() => null)
  const says = `${errors} errors in the last hour${failure === null ? '' : `, the last: ${failure}`}`
  const heading = `${title.charAt(0).toUpperCase()}${title.slice(1)}Failing`
  return trouble(title, says, `docs/operations.md, ${heading}`)
}

async function lastFailure(
  logs: CloudWatchLogsClient,
  { LoggingConfig: logging }: GetFunctionConfigurationCommandOutput,
  nowMs: number,
): Promise<string | null> {
  const command = new FilterLogEventsCommand({
    logGroupName: logging?.LogGroup,
    filterPattern: '"failure"',
    startTime: nowMs - HOUR_MS,
    limit: 100,
  })
  const message = (await logs.send(command)).events?.at(-1)?.message ?? ''
  const failure = /"failure":"(?<failure>(?:\\.|[^"\\])*)"/.exec(message)?.groups?.failure ?? message.trim()
  return failure === '' ? null : failure.slice(0, FAILURE_CHARACTERS_MAX)
}

async function mappingChecks(title: string, name: string, { clients }: Target): Promise<Finding[]> {
  const listed = await clients.lambda.send(new ListEventSourceMappingsCommand({ FunctionName: name }))
  return (listed.EventSourceMappings ?? []).map(({ UUID, State, StateTransitionReason, LastProcessingResult }) => {
    const says = `${State}, ${LastProcessingResult ?? 'nothing read yet'}`
    if (State === 'Enabled' && !LastProcessingResult?.startsWith('PROBLEM')) return ok(`mapping of ${title}`, says)
    const next = `aws lambda update-event-source-mapping --uuid ${UUID} --enabled`
    return trouble(`mapping of ${title}`, `${says} (${StateTransitionReason})`, State === 'Enabled' ? null : next)
  })
}

const AGE_MS_MAX = 15 * 60 * 1000

async function ageCheck({ outputs }: Target, { cloudWatch }: Clients, nowMs: number): Promise<Finding> {
  const ageMs = await metric(
    cloudWatch,
    'IteratorAge',
    'Maximum',
    outputs.IngestFunctionName,
    nowMs - AGE_MS_MAX,
    nowMs,
  )
  const says = `records waited for ingest at most ${durationText(ageMs)}`
  return ageMs <= AGE_MS_MAX ? ok('age', says) : trouble('age', says, 'docs/operations.md, IngestAge')
}

/** 0 where there is nothing to tell. */
async function metric(
  cloudWatch: CloudWatchClient,
  name: string,
  stat: 'Sum' | 'Maximum',
  functionName: string,
  fromMs: number,
  toMs: number,
): Promise<number> {
  const command = new GetMetricDataCommand({
    StartTime: new Date(fromMs),
    EndTime: new Date(toMs),
    MetricDataQueries: [
      {
        Id: 'asked',
        MetricStat: {
          Metric: {
            Namespace: 'AWS/Lambda',
            MetricName: name,
            Dimensions: [{ Name: 'FunctionName', Value: functionName }],
          },
          Period: 300,
          Stat: stat,
        },
      },
    ],
  })
  const values = (await cloudWatch.send(command)).MetricDataResults?.[0]?.Values ?? []
  return stat === 'Sum' ? values.reduce((sum, value) => sum + value, 0) : Math.max(0, ...values)
}

async function alarmChecks(stackName: string, { cloudWatch }: Clients): Promise<Finding[]> {
  const command = new DescribeAlarmsCommand({ AlarmNamePrefix: `${stackName}-`, MaxRecords: 100 })
  const alarms = (await cloudWatch.send(command)).MetricAlarms ?? []
  // Of another stack whose name begins so, perhaps: those of this project say where they are explained.
  const own = alarms.filter(({ AlarmDescription: text }) => RUNBOOK.test(text ?? ''))
  const raised = own.filter(({ StateValue: state }) => state === 'ALARM')
  if (raised.length === 0) return [ok('alarms', `none of ${own.length} is raised`)]
  return raised.map(({ AlarmName: name, AlarmDescription: text = '', StateUpdatedTimestamp: since }) => {
    const heading = RUNBOOK.exec(text)?.groups?.heading ?? name
    const says = `${heading} since ${since?.toISOString().slice(0, 16).replace('T', ' ')}: ${text.replace(RUNBOOK, '').trim()}`
    return trouble('alarms', says, `docs/operations.md, ${heading}`)
  })
}
