// Checks that each function's role allows what the function or Lambda needs, and nothing else.

import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { MINUTE_MS } from '../../functions/domain/durations.ts'
import type { LocalRun } from '../../local/run/local-run.ts'
import { bucketArn, streamArn, tableArn } from '../../local/template/arn.ts'
import type { FunctionSpec } from '../../local/template/pipeline-spec.ts'
import type { Resource, Template } from '../../local/template/template.ts'
import { UserError } from '../../terminal/user-error.ts'
import { onLocalRun, toBuffers } from './on-emulators.ts'

/** Settings with which the functions need every permission. */
const EVERY_PERMISSION = { pseudonymKeyArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-AbCdEf' }

const WAYS = process.env.SINGLE_WRITES === 'true' ? (['single'] as const) : (['batched', 'single'] as const)

/** Far more than are needed, since a machine may be busy. */
const POLLS_MAX = 15_000
const POLL_EVERY_MS = 20

function toLines(events: readonly object[]): AsyncGenerator<Buffer> {
  return toBuffers(events.map((event) => JSON.stringify(event)))
}

/**
 * Lets the schedule close two sessions, then sends an event that joins them. A drain would not do:
 * it reads no shard.
 */
async function mergeClosedSessions(run: LocalRun): Promise<void> {
  const startMs = Date.now() - 300 * MINUTE_MS
  const search = (minute: number) => {
    const time = startMs + minute * MINUTE_MS
    return { type: 'Search', user: 'ann', query: 'dogs', time, eventId: `s${minute}` }
  }
  // A clock ahead makes the sessions due at once, instead of after the gap.
  const ahead = { type: 'AppOpen', user: 'ann', time: Date.now() + 4 * MINUTE_MS, eventId: 'ahead' }
  await run.replay('closed', toLines([search(0), search(50), ahead, { type: 'Purchase' }]), () => {})
  await untilStarts(run, [startMs, startMs + 50 * MINUTE_MS])
  await run.replay('bridging', toLines([search(25)]), () => {})
  await untilStarts(run, [startMs])
}

/**
 * Ends the sessions of two users with AppClose, and waits until the sweep has called the last
 * of its actions. Each record holds an event of both users, so that their writes go together.
 */
async function closeByTimer(run: LocalRun, lastAction: string): Promise<void> {
  const time = Date.now()
  for (const type of ['AppOpen', 'AppClose']) {
    const both = ['ben', 'cleo'].map((user) => ({ type, user, time, eventId: type }))
    await run.replay(type, toLines([both]), () => {})
  }
  const sweep = run.outputs.SweepFunctionName as string
  for (let polls = 0; polls < POLLS_MAX; polls++) {
    if ([...(run.calls().get(sweep) ?? [])].some((call) => call.startsWith(`dynamodb:${lastAction}`))) return
    await wait(POLL_EVERY_MS)
  }
  throw new Error(`the sweep did not call ${lastAction}`)
}

/** Waits until the sessions in the results start at exactly these times. */
async function untilStarts(run: LocalRun, startsMs: readonly number[]): Promise<void> {
  const expected = startsMs.map((timeMs) => new Date(timeMs).toISOString()).join()
  for (let polls = 0; polls < POLLS_MAX; polls++) {
    const sessions = (await run.results()).filter((row) => row.kind === 'session')
    if (sessions.map(({ start }) => start).join() === expected) return
    await wait(POLL_EVERY_MS)
  }
  throw new Error(`no sessions that start at ${expected}`)
}

function allowedBy({ statements }: FunctionSpec): string[] {
  return statements
    .filter(({ effect }) => effect === 'Allow')
    .flatMap(({ actions, resources }) => actions.flatMap((action) => resources.map((on) => `${action} on ${on}`)))
}

/** Lists the permissions that Lambda itself uses with a function's role. */
function doneByLambda({ outputs }: LocalRun, step: string, logGroup: string): string[] {
  const [stream, table, bucket] = [outputs.StreamName, outputs.SessionsTableName, outputs.DeadLetterBucketName]
  const on = (resource: string, actions: readonly string[]): string[] =>
    actions.map((action) => `${action} on ${resource}`)
  // Lambda writes the function's output.
  const logs = on(logGroup, ['logs:CreateLogStream', 'logs:PutLogEvents'])
  // Lambda writes given-up batches, and checks first whether it may list the bucket.
  const failures = [
    ...on(`${bucketArn(bucket as string)}/aws/lambda/*`, ['s3:PutObject']),
    ...on(bucketArn(bucket as string), ['s3:ListBucket']),
  ]
  // Lambda polls the stream.
  const reads = ['DescribeStream', 'DescribeStreamSummary', 'GetRecords', 'GetShardIterator', 'ListShards']
  const ofStream = on(
    streamArn(stream as string),
    reads.map((action) => `kinesis:${action}`),
  )
  // Lambda polls the table's stream.
  const changes = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams']
  const ofTable = on(
    `${tableArn(table as string)}/stream/local`,
    changes.map((action) => `dynamodb:${action}`),
  )
  if (step === 'Ingest') return [...logs, ...failures, ...ofStream]
  return step === 'Finalize' ? [...logs, ...failures, ...ofTable] : logs
}

describe('the role of every function', () => {
  it.each(WAYS)('allows every action that the function or Lambda uses, and no other: %s writes', async (writes) => {
    await onLocalRun({ settings: { ...EVERY_PERMISSION, lateness: '1s', writes } }, async (run) => {
      await mergeClosedSessions(run)
      await closeByTimer(run, writes === 'batched' ? 'PartiQLUpdate' : 'DeleteItem')
      for (const step of ['Ingest', 'Sweep', 'Finalize']) {
        const spec = run.functions.find(({ name }) => name === run.outputs[`${step}FunctionName`]) as FunctionSpec
        const allowed = allowedBy(spec)
        const logGroup = /on (?<arn>arn:aws:logs:.+)/.exec(allowed.join('\n'))?.groups?.arn ?? ''
        const needed = [...(run.calls().get(spec.name) ?? []), ...doneByLambda(run, step, logGroup)]
        expect(allowed.sort(), step).toEqual(needed.sort())
      }
      await expect(Promise.race([run.refused, Promise.resolve('nothing')])).resolves.toBe('nothing')
    })
  })
})

describe('a role without an action that its function needs', () => {
  it.each([
    ['Ingest', 'dynamodb:PutItem', 'table \\w*Sessions', 0.2],
    ['Sweep', 'dynamodb:Query', 'table \\w*Sessions', 0],
    ['Finalize', 'dynamodb:PutItem', 'table \\w*Results', 0],
  ])('fails the run with the name of the missing action: %s, %s', async (step, action, on, chaosRate) => {
    const changeTemplate = (template: Template): Template => withoutAction(template, step, action)
    await onLocalRun({ changeTemplate, chaosRate }, async (run) => {
      const error = await mergeClosedSessions(run).catch((thrown) => thrown)
      expect(error).toBeInstanceOf(UserError)
      expect(error.message).toMatch(new RegExp(`^\\w*${step} may not ${action} on ${on}: its role does not allow it$`))
      await expect(run.summary()).rejects.toBe(error)
    })
  })
})

/** Removes an action from the policy of a step, as a mistake in the stack would. */
function withoutAction(template: Template, step: string, action: string): Template {
  const changed = structuredClone(template)
  const output = changed.Outputs[`${step}FunctionName`] as { Value: { Ref: string } }
  const [role] = (changed.Resources[output.Value.Ref] as Resource).Properties.Role['Fn::GetAtt']
  const statements = Object.values(changed.Resources)
    .filter(({ Type, Properties }) => Type === 'AWS::IAM::Policy' && Properties.Roles[0].Ref === role)
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
  const without = (actions: string[]): string[] => actions.filter((allowed) => allowed !== action)
  expect(statements.filter(({ Action }) => [Action].flat().includes(action))).toHaveLength(1)
  for (const statement of statements) statement.Action = without([statement.Action].flat())
  return changed
}
