// Checks what AWS reports about a stack: its status, functions, event source mappings and
// CloudWatch alarms.

import {
  CloudWatchClient,
  GetMetricDataCommand,
  type MetricAlarm,
  paginateDescribeAlarms,
} from '@aws-sdk/client-cloudwatch'
import { CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs'
import {
  type EventSourceMappingConfiguration,
  GetFunctionConfigurationCommand,
  type GetFunctionConfigurationCommandOutput,
  paginateListEventSourceMappings,
} from '@aws-sdk/client-lambda'
import { HOUR_MS, MINUTE_MS } from '../../functions/domain/durations.ts'
import type { Target } from '../target/target.ts'
import type { ClientConfig } from '../target/target-clients.ts'
import { checked, durationText, type Finding, ok, wrong } from './finding.ts'

/** Longer failures are truncated. */
const FAILURE_CHARACTERS_MAX = 160
const RUNBOOK = /See docs\/operations\.md, (?<heading>\w+)\./

interface Clients {
  readonly cloudWatch: CloudWatchClient
  readonly logs: CloudWatchLogsClient
}

export async function stackChecks(target: Target, config: ClientConfig, nowMs: number): Promise<Finding[]> {
  const clients = { cloudWatch: new CloudWatchClient(config), logs: new CloudWatchLogsClient(config) }
  const functions = Object.entries(target.outputs)
    .filter(([output]) => output.endsWith('FunctionName'))
    .map(([output, name]) => [output.replace('FunctionName', '').toLowerCase(), name] as const)
  const findings: Finding[] = [stackCheck(target)]
  for (const [title, name] of functions) {
    findings.push(...(await checked(title, () => functionCheck(title, name, target, clients, nowMs))))
  }
  for (const [title, name] of functions) {
    const check = `mapping of ${title}`
    findings.push(...(await checked(check, () => mappingChecks(check, name, target))))
  }
  findings.push(...(await checked('age', () => ageCheck(target, clients, nowMs))))
  findings.push(...(await checked('alarms', () => alarmChecks(target.stack?.StackName ?? '', clients))))
  return findings
}

function stackCheck({ stack, title }: Target): Finding {
  const status = stack?.StackStatus ?? 'unknown'
  const isWell = /^(CREATE|UPDATE|IMPORT)_COMPLETE$|_IN_PROGRESS$/.test(status)
  const message = `${title}: ${status}`
  const next = `aws cloudformation describe-stack-events --stack-name ${stack?.StackName}`
  return isWell ? ok('stack', message) : wrong('stack', message, next)
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
    return wrong(title, `${found.State}, last update ${found.LastUpdateStatus}: ${why}`, 'npx cdk deploy')
  }
  const errors = await metric(cloudWatch, 'Errors', 'Sum', name, nowMs - HOUR_MS, nowMs)
  if (errors === 0) return ok(title, `${found.Runtime}, no error in the last hour`)
  const failure = await lastFailure(logs, found, nowMs).catch(() => null)
  const message = `${errors} errors in the last hour${failure === null ? '' : `, the last: ${failure}`}`
  const heading = `${title.charAt(0).toUpperCase()}${title.slice(1)}Failing`
  return wrong(title, message, `docs/operations.md, ${heading}`)
}

/** Enough for an hour. Each page may take a second. */
const LOG_PAGES_MAX = 10

async function lastFailure(
  logs: CloudWatchLogsClient,
  { LoggingConfig: logging }: GetFunctionConfigurationCommandOutput,
  nowMs: number,
): Promise<string | null> {
  const search = {
    logGroupName: logging?.LogGroup,
    filterPattern: '"failure"',
    startTime: nowMs - HOUR_MS,
    limit: 100,
  }
  let message = ''
  let pages = 0
  // A page without events may come before pages with some.
  for await (const { events } of paginateFilterLogEvents({ client: logs }, search)) {
    message = events?.at(-1)?.message ?? message
    pages++
    if (pages === LOG_PAGES_MAX) break
  }
  const failure = /"failure":"(?<failure>(?:\\.|[^"\\])*)"/.exec(message)?.groups?.failure ?? message.trim()
  return failure === '' ? null : failure.slice(0, FAILURE_CHARACTERS_MAX)
}

async function mappingChecks(check: string, name: string, { clients }: Target): Promise<Finding[]> {
  const mappings: EventSourceMappingConfiguration[] = []
  for await (const page of paginateListEventSourceMappings({ client: clients.lambda }, { FunctionName: name })) {
    mappings.push(...(page.EventSourceMappings ?? []))
  }
  return mappings.map(({ UUID, State, StateTransitionReason, LastProcessingResult }) => {
    const message = `${State}, ${LastProcessingResult ?? 'nothing read yet'}`
    if (State === 'Enabled' && !LastProcessingResult?.startsWith('PROBLEM')) return ok(check, message)
    const next = `aws lambda update-event-source-mapping --uuid ${UUID} --enabled`
    return wrong(check, `${message} (${StateTransitionReason})`, State === 'Enabled' ? null : next)
  })
}

const AGE_MS_MAX = 15 * MINUTE_MS

async function ageCheck({ outputs }: Target, { cloudWatch }: Clients, nowMs: number): Promise<Finding> {
  const ageMs = await metric(
    cloudWatch,
    'IteratorAge',
    'Maximum',
    outputs.IngestFunctionName,
    nowMs - AGE_MS_MAX,
    nowMs,
  )
  const message = `records waited at most ${durationText(ageMs)} for ingest`
  return ageMs <= AGE_MS_MAX ? ok('age', message) : wrong('age', message, 'docs/operations.md, IngestAge')
}

/** Returns 0 where CloudWatch has no value. */
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
        Id: 'value',
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
  const alarms: MetricAlarm[] = []
  const pages = paginateDescribeAlarms({ client: cloudWatch }, { AlarmNamePrefix: `${stackName}-`, MaxRecords: 100 })
  for await (const { MetricAlarms: some } of pages) alarms.push(...(some ?? []))
  // The prefix also matches a stack whose name only begins so. Alarms of this project name the
  // runbook.
  const own = alarms.filter(({ AlarmDescription: text }) => RUNBOOK.test(text ?? ''))
  const raised = own.filter(({ StateValue: state }) => state === 'ALARM')
  if (raised.length === 0) return [ok('alarms', `none of ${own.length} is raised`)]
  return raised.map(({ AlarmName: name, AlarmDescription: text = '', StateUpdatedTimestamp: since }) => {
    const heading = RUNBOOK.exec(text)?.groups?.heading ?? name
    const start = since?.toISOString().slice(0, 16).replace('T', ' ')
    return wrong(
      'alarms',
      `${heading} since ${start}: ${text.replace(RUNBOOK, '').trim()}`,
      `docs/operations.md, ${heading}`,
    )
  })
}
