// Starts one run: everything that the template describes, connected and running on this machine.

import { s3DeadLetters } from '../../functions/aws/dead-letters/dead-letter-bucket.ts'
import { UserError } from '../../terminal/user-error.ts'
import { type Clients, localClients } from '../emulators/clients.ts'
import { checkPorts, type Endpoints, startEndpoints } from '../emulators/endpoints.ts'
import { provision } from '../emulators/provision.ts'
import { drainFunction, FAILURES_MAX } from '../lambda/drain.ts'
import { type FunctionLog, functionLog } from '../lambda/function-log.ts'
import type { FunctionProcess } from '../lambda/function-process.ts'
import { startKinesisPoller } from '../lambda/kinesis-poller.ts'
import { startLambdaEndpoint } from '../lambda/lambda-endpoint.ts'
import { startSchedule } from '../lambda/schedule.ts'
import { startTableStreamPoller } from '../lambda/table-stream-poller.ts'
import { faultsAt, NO_FAULTS } from '../proxy/chaos.ts'
import { startCheckedEndpoints } from '../proxy/checked-endpoints.ts'
import { accessKeyId, type EnforcedRoles, enforceRoles } from '../proxy/enforced-roles.ts'
import { type Proxies, startProxies } from '../proxy/proxies.ts'
import { type RequestRules, requestRules } from '../proxy/request-rules/request-rules.ts'
import type { LogPositions } from '../replay/log-positions.ts'
import { logReplay } from '../replay/log-replay.ts'
import { type FunctionSpec, type MappingSpec, type PipelineSpec, readPipeline } from '../template/pipeline-spec.ts'
import { storedApp } from '../template/stored-app.ts'
import type { Template } from '../template/template.ts'
import { openDataFolder } from './data-folder.ts'
import { startFunctions } from './function-processes.ts'
import type { LogRun } from './log-run.ts'
import { tableReads } from './read-back.ts'
import { reconcile } from './reconcile.ts'
import { ROLLUPS, type SummaryTables } from './summary.ts'

export interface LocalRunOptions {
  /** The texts by name that `-c name=value` passes to the CDK app. */
  readonly settings: Readonly<Record<string, string>>
  /** See `startEndpoints`. */
  readonly firstPort: number | null
  /** Stores the stream and the tables for a later run. Null stores them in memory. */
  readonly dataFolder: string | null
  /** The share of calls and invocations with a fault, 0 to 1. */
  readonly chaosRate: number
  readonly env: NodeJS.ProcessEnv
  /** Returns the template to run. A test puts a mistake into the synthesized one. */
  readonly changeTemplate?: (template: Template) => Template
}

/** With injected faults most invocations of the rollup fail, and each does a part of the work. */
const CHAOS_FAILURES_MAX = 200

/** The endpoints for commands and other programs, without the proxies. */
export interface RunEndpoints extends Pick<Endpoints, 'kinesis' | 'dynamodb' | 's3'> {
  readonly lambda: string
  readonly secrets: string
}

export interface LocalRun extends LogRun {
  readonly endpoints: RunEndpoints
  readonly outputs: Readonly<Record<string, string>>
  readonly clients: Clients
  readonly functions: readonly FunctionSpec[]
  /**
   * Rejects with a UserError after a call that a role denies, or that breaks a rule of AWS. The
   * methods above then reject too.
   */
  readonly refused: Promise<never>
  /** See `EnforcedRoles`. */
  calls(): ReadonlyMap<string, ReadonlySet<string>>
}

/** Throws a UserError if the data folder is in use, or is set together with shared endpoints. */
export async function startLocalRun(options: LocalRunOptions): Promise<LocalRun> {
  const { settings, firstPort, dataFolder, chaosRate, env, changeTemplate = (template) => template } = options
  if (dataFolder !== null && isShared(env))
    throw new UserError(
      '--data stores what the emulators hold: unset KINESIS_ENDPOINT, DYNAMODB_ENDPOINT and S3_ENDPOINT',
    )
  if (firstPort !== null) await checkPorts(firstPort, env)
  const folder = openDataFolder(dataFolder)
  const stops: (() => unknown)[] = [folder.release]
  const stop = async (): Promise<void> => {
    for (const undo of stops.reverse()) await undo()
    stops.length = 0
  }
  try {
    const [app, endpoints] = await settleBoth(
      storedApp(settings, env),
      startEndpoints(firstPort, dataFolder, env),
      stops,
    )
    const spec = readPipeline(changeTemplate(app.template), isShared(env) ? `r${Date.now().toString(36)}-` : '')
    const rules = requestRules(spec)
    const checked = await startCheckedEndpoints(endpoints, rules)
    stops.push(checked.stop)
    const clients = localClients({ ...endpoints, ...checked })
    stops.push(clients.close)
    await provision(spec, clients)
    const roles = enforceRoles(spec)
    const faults = chaosRate === 0 ? NO_FAULTS : faultsAt(chaosRate)
    const { RollupFunctionName: rollupName } = spec.outputs
    const rollups = new Map(rollupName === undefined ? [] : [[accessKeyId(rollupName), ROLLUPS]])
    const proxies = await startProxies(endpoints, faults, roles, rules, rollups)
    stops.push(proxies.stop)
    const log = functionLog()
    const functions = startFunctions(
      spec.functions,
      app.folder,
      proxies.endpoints,
      { roles, rules },
      chaosRate,
      log.add,
    )
    stops.push(() => Promise.all([...functions.values()].map((invoked) => invoked.stop())))
    const lambda = await startLambdaEndpoint(functions, firstPort === null ? 0 : firstPort + 3)
    stops.push(lambda.stop)
    const runEndpoints = { ...endpoints, lambda: lambda.endpoint, secrets: proxies.openSecrets }
    const failuresMax = chaosRate === 0 ? FAILURES_MAX : CHAOS_FAILURES_MAX
    const { positions } = folder
    const parts = { endpoints: runEndpoints, clients, proxies, roles, rules, log, positions, failuresMax }
    return assemble(spec, functions, parts, stops, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

/** Other runs may use the same endpoints, so the names of this run need a prefix. */
function isShared(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env.DYNAMODB_ENDPOINT || env.KINESIS_ENDPOINT || env.S3_ENDPOINT)
}

/** Waits for both, so that the emulators also stop if synthesizing fails. */
async function settleBoth<T>(
  app: Promise<T>,
  endpoints: Promise<Endpoints>,
  stops: (() => unknown)[],
): Promise<[T, Endpoints]> {
  const [synthesized, started] = await Promise.allSettled([app, endpoints])
  if (started.status === 'fulfilled') stops.push(() => started.value.stop())
  if (started.status === 'rejected') throw started.reason
  if (synthesized.status === 'rejected') throw synthesized.reason
  return [synthesized.value, started.value]
}

interface Parts {
  readonly endpoints: RunEndpoints
  readonly clients: Clients
  readonly proxies: Proxies
  readonly roles: EnforcedRoles
  readonly rules: RequestRules
  readonly log: FunctionLog
  readonly positions: LogPositions
  /** See `DrainPatience`. */
  readonly failuresMax: number
}

function assemble(
  spec: PipelineSpec,
  functions: ReadonlyMap<string, FunctionProcess>,
  { endpoints, clients, proxies, roles, rules, log, positions, failuresMax }: Parts,
  stops: (() => unknown)[],
  stop: () => Promise<void>,
): LocalRun {
  const tables: SummaryTables = {
    sessions: spec.outputs.SessionsTableName as string,
    results: spec.outputs.ResultsTableName as string,
    deadLetters: spec.outputs.DeadLetterBucketName as string,
  }
  const mappingOf = (sources: readonly string[]): MappingSpec =>
    one(spec.mappings.filter(({ sourceName }) => sources.includes(sourceName)))
  const invokedBy = (name: string): FunctionProcess => functions.get(name) as FunctionProcess

  const fromStream = mappingOf(spec.streams.map(({ name }) => name))
  const fromTable = mappingOf([tables.sessions])
  const deliveredTo = ({ functionName }: MappingSpec): FunctionProcess =>
    rules.checkedDelivery(functionName, invokedBy(functionName))
  const ingestPoller = startKinesisPoller(fromStream, deliveredTo(fromStream), clients)
  const finalizePoller = startTableStreamPoller(fromTable, deliveredTo(fromTable), clients)
  const schedules = spec.schedules.map((schedule) => startSchedule(schedule, invokedBy(schedule.functionName)))
  // A sweep of an idle stream reads on for half a minute, and losing it does no harm.
  const stopScheduled = (): Promise<unknown> =>
    Promise.all([...schedules, ...functions.values()].map((running) => running.stop()))
  stops.push(stopScheduled, ingestPoller.stop, finalizePoller.stop)
  const deadLetters = s3DeadLetters(clients.s3, tables.deadLetters)
  const replay = logReplay(fromStream.sourceName, clients.kinesis, deadLetters, ingestPoller, positions)

  const refused = Promise.race([roles.denied, rules.violated])
  refused.catch(() => {})
  const unlessRefused = <T>(work: Promise<T>): Promise<T> => Promise.race([refused, work])
  const drainOne = (name: string, work: string, onProgress: (text: string) => void): Promise<void> => {
    onProgress(work)
    const onFailure = ({ message }: Error): void => onProgress(`${work}, again after ${message}`)
    return drainFunction(name, invokedBy(name), { failuresMax, onFailure })
  }
  const drain = async (onProgress: (text: string) => void): Promise<void> => {
    await drainOne(spec.outputs.SweepFunctionName as string, 'closing sessions', onProgress)
    onProgress('waiting for results')
    await finalizePoller.caughtUp()
    const discarded = ingestPoller.counts().discarded + finalizePoller.counts().discarded
    if (discarded > 0) throw new Error(`${discarded} records were given up:\n${log.tail()}`)
    const { RollupFunctionName: rollupName } = spec.outputs
    if (rollupName !== undefined) await drainOne(rollupName, 'summing up', onProgress)
  }
  const reads = tableReads(clients, tables, proxies.capacity)
  return {
    endpoints,
    outputs: spec.outputs,
    clients,
    functions: spec.functions,
    replay: (...log) => unlessRefused(replay.replay(...log)),
    drain: (onProgress = () => {}) => unlessRefused(drain(onProgress)),
    results: () => unlessRefused(reads.results()),
    summary: () => unlessRefused(reconcile(replay.eventsReplayed(), reads, log)),
    refused,
    calls: roles.calls,
    stop,
  }
}

function one<T>(found: readonly T[]): T {
  const [first] = found
  if (first === undefined || found.length > 1)
    throw new Error(`expected one event source mapping in the template and found ${found.length}`)
  return first
}
