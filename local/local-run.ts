// A local run: settings in; the deployed template's stream, tables, bucket, functions and schedule running on this machine out.

import { setTimeout as wait } from 'node:timers/promises'
import type { ResultRow } from '../functions/domain/result.ts'
import { accountFor } from './account.ts'
import { chaotic, mishapsAt, NO_MISHAPS } from './chaos.ts'
import { type Clients, LOCAL_ENVIRONMENT, localClients } from './clients.ts'
import { drainSessions } from './drain.ts'
import { startDynamoGateway } from './dynamodb-gateway.ts'
import { type Endpoints, startEndpoints } from './endpoints.ts'
import { type FunctionLog, functionLog } from './function-log.ts'
import { type FunctionProcess, startFunction } from './function-process.ts'
import { startGateway } from './gateway.ts'
import { startKinesisPoller } from './kinesis-poller.ts'
import type { LogPositions } from './log-positions.ts'
import { type Produced, produce } from './producer.ts'
import { provision } from './provision.ts'
import { runFolder } from './run-folder.ts'
import { startSchedule } from './schedule.ts'
import { readResults, type Summary, type SummaryTables } from './summary.ts'
import { synthesize } from './synthesized-app.ts'
import { startTableStreamPoller } from './table-stream-poller.ts'
import { type MappingSpec, type PipelineSpec, readPipeline } from './template.ts'
import { keepUnsendable } from './unsendable.ts'
import { UserError } from './user-error.ts'

export interface LocalRunOptions {
  /** Texts by name, as `-c name=value` gives them to the CDK app. */
  readonly settings: Readonly<Record<string, string>>
  /** See `startEndpoints`. */
  readonly firstPort: number | null
  /** Where the stream and the tables are kept, so that another run can go on with them; null for in memory only. */
  readonly dataFolder: string | null
  /** The share of calls and invocations that something befalls, 0 to 1. */
  readonly chaosRate: number
  readonly env: NodeJS.ProcessEnv
}

export interface LocalRun {
  readonly endpoints: Pick<Endpoints, 'kinesis' | 'dynamodb' | 's3'>
  readonly outputs: Readonly<Record<string, string>>
  readonly clients: Clients
  /**
   * Writes the lines to the stream, and returns when every record has been through ingest. What an earlier run on the
   * same data wrote of a log of this name is not written again, and has to be the same still.
   */
  play(name: string, lines: AsyncIterable<Buffer>, onProgress: (done: number, sent: number) => void): Promise<Produced>
  /** Closes every session and returns when all results are written. */
  drain(): Promise<void>
  results(): Promise<ResultRow[]>
  summary(): Promise<Summary>
  stop(): Promise<void>
}

/** How often the schedule ticks here: the one thing about it that is not the template's. */
const TICK_MS = 1000
const PROGRESS_EVERY_MS = 20

export async function startLocalRun(options: LocalRunOptions): Promise<LocalRun> {
  const { settings, firstPort, dataFolder, chaosRate, env } = options
  if (dataFolder !== null && isShared(env))
    throw new UserError('--data keeps what emulators hold: unset KINESIS_ENDPOINT, DYNAMODB_ENDPOINT and S3_ENDPOINT')
  const folder = await runFolder(dataFolder)
  const stops: (() => unknown)[] = [folder.leave]
  const stop = async (): Promise<void> => {
    for (const undo of stops.reverse()) await undo()
    stops.length = 0
  }
  try {
    const [template, endpoints] = await settleBoth(
      synthesize(folder.app, settings),
      startEndpoints(firstPort, dataFolder, env),
      stops,
    )
    const mishaps = chaosRate === 0 ? NO_MISHAPS : mishapsAt(chaosRate)
    const gateway = await startDynamoGateway(endpoints.dynamodb, mishaps)
    const kinesis = await startGateway(endpoints.kinesis, mishaps)
    const s3 = await startGateway(endpoints.s3, mishaps)
    stops.push(gateway.stop, kinesis.stop, s3.stop)
    const clients = localClients(endpoints)
    stops.push(clients.close)
    const spec = readPipeline(template, isShared(env) ? `r${Date.now().toString(36)}-` : '')
    await provision(spec, clients)
    const log = functionLog()
    const reached = { dynamodb: gateway.endpoint, kinesis: kinesis.endpoint, s3: s3.endpoint }
    const functions = startFunctions(spec, folder.app, reached, chaosRate, log.add)
    stops.push(() => Promise.all([...functions.values()].map((invoked) => invoked.stop())))
    const parts = { endpoints, clients, gateway, log, positions: folder.positions }
    return assemble(spec, functions, parts, stops, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

/** Endpoints that other runs may use too: names must not collide. */
function isShared(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env.DYNAMODB_ENDPOINT || env.KINESIS_ENDPOINT || env.S3_ENDPOINT)
}

async function settleBoth<T>(
  first: Promise<T>,
  endpoints: Promise<Endpoints>,
  stops: (() => unknown)[],
): Promise<[T, Endpoints]> {
  const [made, started] = await Promise.allSettled([first, endpoints])
  if (started.status === 'fulfilled') stops.push(() => started.value.stop())
  if (started.status === 'rejected') throw started.reason
  if (made.status === 'rejected') throw made.reason
  return [made.value, started.value]
}

function startFunctions(
  spec: PipelineSpec,
  folder: string,
  endpoints: Pick<Endpoints, 'kinesis' | 'dynamodb' | 's3'>,
  chaosRate: number,
  onLine: (line: string) => void,
): Map<string, FunctionProcess> {
  const variables = {
    ...LOCAL_ENVIRONMENT,
    AWS_ENDPOINT_URL_KINESIS: endpoints.kinesis,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_S3: endpoints.s3,
  }
  return new Map(
    spec.functions.map((fn) => [fn.name, chaotic(startFunction(fn, folder, variables, onLine), chaosRate)]),
  )
}

interface Parts {
  readonly endpoints: Endpoints
  readonly clients: Clients
  readonly gateway: Awaited<ReturnType<typeof startDynamoGateway>>
  readonly log: FunctionLog
  readonly positions: LogPositions
}

function assemble(
  spec: PipelineSpec,
  functions: ReadonlyMap<string, FunctionProcess>,
  { endpoints, clients, gateway, log, positions }: Parts,
  stops: (() => unknown)[],
  stop: () => Promise<void>,
): LocalRun {
  const streamName = spec.outputs.StreamName as string
  const tables: SummaryTables = {
    sessions: spec.outputs.SessionsTableName as string,
    results: spec.outputs.ResultsTableName as string,
    deadLetters: spec.outputs.DeadLetterBucketName as string,
  }
  const mappingOf = (source: string): MappingSpec =>
    one(spec.mappings.filter(({ sourceName }) => sourceName === source))
  const invokedBy = (name: string): FunctionProcess => functions.get(name) as FunctionProcess

  const fromStream = mappingOf(streamName)
  const fromTable = mappingOf(tables.sessions)
  const ingestPoller = startKinesisPoller(fromStream, invokedBy(fromStream.functionName), clients)
  const finalizePoller = startTableStreamPoller(fromTable, invokedBy(fromTable.functionName), clients)
  const schedule = startSchedule(one(spec.schedules), invokedBy(one(spec.schedules).functionName), TICK_MS)
  stops.push(ingestPoller.stop, finalizePoller.stop, schedule.stop)
  const played = new Set<string>()
  let produced = 0
  let eventsIn = 0

  const arrived = (): number => ingestPoller.counts().delivered + ingestPoller.counts().discarded
  return {
    endpoints,
    outputs: spec.outputs,
    clients,
    play: async (name, lines, onProgress) => {
      const position = positions.of(name)
      const onSent = (sent: number): void => {
        position.record(sent)
        onProgress(arrived(), eventsIn + sent)
      }
      const made = await produce(position.checked(lines), streamName, clients.kinesis, onSent, position.skip)
      position.end(made.sent)
      await keepUnsendable(made.tooLarge, eventsIn, clients.s3, tables.deadLetters)
      played.add(name)
      eventsIn += made.lines
      produced += made.sent
      while (arrived() < produced) {
        await Promise.race([wait(PROGRESS_EVERY_MS), ingestPoller.ended])
        onProgress(arrived(), produced)
      }
      await ingestPoller.caughtUp()
      return made
    },
    drain: async () => {
      await drainSessions(invokedBy(spec.outputs.SweepFunctionName as string))
      await finalizePoller.caughtUp()
      const discarded = ingestPoller.counts().discarded + finalizePoller.counts().discarded
      if (discarded > 0) throw new Error(`${discarded} records were given up:\n${log.tail()}`)
    },
    results: () => readResults(clients, tables.results),
    summary: () => accountFor(eventsIn + positions.eventsBeside(played), tables, clients, gateway.capacity(), log),
    stop,
  }
}

function one<T>(found: readonly T[]): T {
  const [first] = found
  if (first === undefined || found.length > 1) throw new Error(`expected one in the template and found ${found.length}`)
  return first
}
