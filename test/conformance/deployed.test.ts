// Checks the template on MiniStack, whose mappings, schedules and IAM drive the bundles.

import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import {
  CloudWatchLogsClient,
  FilterLogEventsCommand,
  paginateDescribeLogGroups,
} from '@aws-sdk/client-cloudwatch-logs'
import { PutRecordCommand } from '@aws-sdk/client-kinesis'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { MINUTE_MS } from '../../functions/domain/durations.ts'
import { type Clients, LOCAL_CONFIG, localClients } from '../../local/emulators/clients.ts'
import { storedApp } from '../../local/template/stored-app.ts'
import type { SynthesizedApp } from '../../local/template/synthesized-app.ts'
import { type AwsEmulator, startAwsEmulator } from '../../tools/conformance/aws-emulator.ts'
import { deployable, only, withoutAction, withoutUnsupported } from './changed-template.ts'
import { bootstrappedDeployer, type Deployer, type Deployment } from './deployed-stack.ts'
import { EMULATOR } from './emulator-environment.ts'
import { runWith, type StoredResults, storedResults } from './stored-results.ts'
import { ALLOWED_ON_EVERY_RESOURCE, NOT_DEPLOYED, NOT_DEPLOYED_MESSAGE } from './unsupported.ts'

/** Sums and rankings come as often as they can, so that the test waits minutes and no longer. */
// A statement leaves no change in the stream of MiniStack's tables.
const SETTINGS = { rollupEvery: '1m', rankEvery: '5m', writes: 'single' }
const POLL_MS = 1000
/**
 * Rows come after two minutes, of lateness and of the schedule, and sums a minute later. A busy
 * machine takes longer.
 */
const PATIENCE_MS = 15 * MINUTE_MS

describe.skipIf(EMULATOR !== 'ministack')('the template on MiniStack with IAM', () => {
  let emulator: AwsEmulator
  let app: SynthesizedApp
  let deployer: Deployer
  let clients: Clients
  let logs: CloudWatchLogsClient
  let lambda: LambdaClient

  beforeAll(async () => {
    emulator = await startAwsEmulator('ministack', { enforcesRoles: true })
    app = await storedApp(SETTINGS, process.env)
    deployer = await bootstrappedDeployer(emulator.endpoint, app)
    clients = localClients({ kinesis: emulator.endpoint, dynamodb: emulator.endpoint, s3: emulator.endpoint })
    logs = new CloudWatchLogsClient({ ...LOCAL_CONFIG, endpoint: emulator.endpoint })
    lambda = new LambdaClient({ ...LOCAL_CONFIG, endpoint: emulator.endpoint })
  })

  afterAll(async () => {
    for (const client of [deployer, clients]) client?.close()
    for (const client of [logs, lambda]) client?.destroy()
    await emulator?.stop()
  })

  async function put(stream: string, lines: readonly string[]): Promise<void> {
    for (const line of lines) {
      const user = String(JSON.parse(line).user)
      await clients.kinesis.send(
        new PutRecordCommand({ StreamName: stream, PartitionKey: user, Data: Buffer.from(line) }),
      )
    }
  }

  /** Returns what the functions of a stack have printed. */
  async function printed(stack: string): Promise<string> {
    let text = ''
    for await (const { logGroups = [] } of paginateDescribeLogGroups({ client: logs }, {})) {
      for (const { logGroupName = '' } of logGroups.filter((group) => group.logGroupName?.includes(`/${stack}/`))) {
        const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName }))
        text += events.map(({ message }) => `${message}\n`).join('')
      }
    }
    return text
  }

  async function invoke(name: string, request: object): Promise<string> {
    const Payload = JSON.stringify(request)
    const { Payload: answer } = await lambda.send(new InvokeCommand({ FunctionName: name, Payload }))
    return Buffer.from(answer ?? []).toString()
  }

  it('deploys all of the template, and takes in, closes and sums the log of README without a denial', async () => {
    const { status, failures, outputs } = await deployer.deploy('Deployed', deployable(app.template))
    expect(failures).toEqual([])
    expect(status).toBe('CREATE_COMPLETE')
    const expected = (await runWith([], README_LOG, SETTINGS)).stored
    const table = outputs.ResultsTableName as string
    const startMs = Date.now()
    await put(outputs.StreamName as string, README_LOG)
    const stored = (): Promise<StoredResults> => storedResults(clients.dynamodb, table)
    const output = (): Promise<string> => printed('Deployed')
    await until(async () => (await stored()).rows.length >= expected.rows.length, output)
    console.log(`MiniStack stored the rows ${Math.round((Date.now() - startMs) / 1000)} seconds after the log was put`)
    await until(async () => (await stored()).queries.length >= expected.queries.length, output)
    console.log(`and their sums ${Math.round((Date.now() - startMs) / 1000)} seconds after it`)
    // A rollup that ran between the writes of two rows is followed by another one.
    await vi.waitFor(async () => expect(await stored()).toEqual(expected), { timeout: PATIENCE_MS, interval: POLL_MS })
    expect(await output()).not.toMatch(/not authorized|AccessDenied/)
  })

  it('names the action that a role lacks', async () => {
    const template = withoutAction(deployable(app.template), 'IngestRole', 'dynamodb:PutItem')
    const { outputs } = await deployer.deploy('Lacking', withoutAction(template, 'RollupRole', 'dynamodb:Query'))
    expect(await invoke(outputs.RollupFunctionName as string, { drain: false })).toContain(
      'not authorized to perform: dynamodb:Query',
    )
    await put(outputs.StreamName as string, README_LOG.slice(0, 1))
    const isNamed = async (): Promise<boolean> => /perform: dynamodb:PutItem/.test(await printed('Lacking'))
    await until(isNamed, () => printed('Lacking'))
  })

  describe('the list of unsupported parts', () => {
    it.each(NOT_DEPLOYED)('is right about %s, which MiniStack does not deploy', async (name) => {
      const { status, failures } = await deployer.deploy(`Only${name}`, only(app.template, name))
      expect(status).toBe('ROLLBACK_COMPLETE')
      expect(failures.join()).toMatch(NOT_DEPLOYED_MESSAGE)
    })

    it('denies GetRecords to a role that has it on the stream alone', async () => {
      const { outputs }: Deployment = await deployer.deploy('Narrow', withoutUnsupported(app.template))
      expect(await invoke(outputs.SweepFunctionName as string, { drain: false })).toContain(
        `not authorized to perform: ${ALLOWED_ON_EVERY_RESOURCE.action}`,
      )
    })
  })
})

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
/** The events of README.md. */
const README_LOG = (/^cat > events\.ndjson <<'END'\n(.*?)\nEND$/ms.exec(README)?.[1] ?? '').split('\n')

async function until(isReached: () => Promise<boolean>, output: () => Promise<string>): Promise<void> {
  const endMs = Date.now() + PATIENCE_MS
  while (!(await isReached())) {
    if (Date.now() > endMs)
      throw new Error(`not reached within ${PATIENCE_MS} ms. The functions printed:\n${await output()}`)
    await wait(POLL_MS)
  }
}
