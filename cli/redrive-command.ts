// `redrive`: a dead-letter bucket and the functions in, every record in it sent again out, as often as one likes.

import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda'
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3'
import type { Command } from 'commander'
import { type Resend, toResends } from '../functions/aws/dead-letter-objects.ts'
import { REJECTED_PREFIX } from '../functions/contract.ts'
import { EXIT } from './exit-codes.ts'
import { parseDay } from './option-values.ts'
import { note, printJson } from './output.ts'
import { startProgress } from './progress.ts'
import { awsConfig, clientsOf, openTarget, type TargetClients } from './target.ts'
import { type TargetOptions, withTarget } from './target-options.ts'
import { columns, printable } from './text-table.ts'

interface Letters {
  readonly bucket: string
  readonly ingest: string
  readonly finalize: string
  readonly prefix: string
}

interface RedriveOptions extends TargetOptions, Partial<Letters> {
  readonly day?: string
  readonly json?: true
}

export interface Redriven {
  objects: number
  records: number
  /** Records that came back, and those after them. */
  failed: number
  /** Objects that hold no dead letter. */
  unreadable: string[]
}

/** @param parent `dead-letters`, or the program itself, where scripts from before there was a `dead-letters` find it. */
export function addRedrive(parent: Command, isHidden: boolean): void {
  const command = parent
    .command('redrive', { hidden: isHidden })
    .description('send what lies in the dead-letter bucket through the functions again')
    .option('--prefix <text>', 'only objects whose keys begin so, as rejected/2026-11-21/ or aws/lambda/')
    .option('--day <day>', 'only what was refused that day (UTC)', parseDay)
    .option('--json', 'print one line of JSON')
  withTarget(command)
    .optionsGroup('Where, without a stack (all three):')
    .option('--bucket <name>', 'DeadLetterBucketName')
    .option('--ingest <name>', 'IngestFunctionName')
    .option('--finalize <name>', 'FinalizeFunctionName')
    .addHelpText(
      'after',
      `
Safe to repeat: an event that is there already is a duplicate, and a result is written by version. Nothing is deleted.

Examples:
  search-ctr dead-letters redrive --day 2026-11-21
  search-ctr dead-letters redrive --prefix aws/lambda/
  search-ctr dead-letters redrive --local`,
    )
    .action(runRedrive)
}

async function runRedrive(options: RedriveOptions): Promise<void> {
  const { letters, clients } = await findLetters(options)
  const progress = startProgress()
  const report = await redrive(letters, clients.s3, clients.lambda, (objects) =>
    progress.show(`${objects} objects sent again`),
  )
  progress.clear()
  if (options.json) printJson(report)
  else {
    console.log(
      columns([
        ['objects', String(report.objects)],
        ['records sent again', String(report.records)],
        ['failed again', String(report.failed)],
        ['unreadable objects', String(report.unreadable.length)],
      ]),
    )
    for (const key of report.unreadable) note(printable(`not a dead letter: ${key}`))
  }
  if (report.failed > 0 || report.unreadable.length > 0) process.exitCode = EXIT.foundTrouble
}

async function findLetters(options: RedriveOptions): Promise<{ letters: Letters; clients: TargetClients }> {
  const { bucket, ingest, finalize } = options
  const prefix = options.prefix ?? (options.day === undefined ? '' : `${REJECTED_PREFIX}${options.day}/`)
  if (bucket !== undefined && ingest !== undefined && finalize !== undefined && options.local === undefined) {
    return { letters: { bucket, ingest, finalize, prefix }, clients: clientsOf(awsConfig(options)) }
  }
  const { outputs, clients } = await openTarget(options)
  const letters = {
    bucket: bucket ?? outputs.DeadLetterBucketName,
    ingest: ingest ?? outputs.IngestFunctionName,
    finalize: finalize ?? outputs.FinalizeFunctionName,
    prefix,
  }
  return { letters, clients }
}

/** One object after the other. Nothing is deleted: the bucket's own rule does that, and sending again is safe. */
export async function redrive(
  { bucket, prefix, ingest, finalize }: Letters,
  s3: S3Client,
  lambda: LambdaClient,
  onObject: (objects: number) => void,
): Promise<Redriven> {
  const report: Redriven = { objects: 0, records: 0, failed: 0, unreadable: [] }
  for await (const { Contents: found } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix })) {
    for (const { Key: key = '' } of found ?? []) {
      const { Body: body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      const resends = readResends(key, (await body?.transformToString('utf8')) ?? '')
      if (resends === null) report.unreadable.push(key)
      for (const { step, event } of resends ?? []) {
        report.records += event.Records.length
        report.failed += await sendAgain(step === 'ingest' ? ingest : finalize, event.Records, lambda)
      }
      report.objects++
      onObject(report.objects)
    }
  }
  return report
}

function readResends(key: string, text: string): Resend[] | null {
  try {
    return toResends(key, text)
  } catch {
    return null
  }
}

/**
 * How many of them were not taken. A batch is taken up to its first failure, and what is packed tightly may be more
 * than one batch may hold: so what comes after is sent again, as Lambda does, for as long as that takes any further.
 */
async function sendAgain(name: string, records: readonly unknown[], lambda: LambdaClient): Promise<number> {
  let rest = records
  while (rest.length > 0) {
    const taken = await invoke(name, rest, lambda)
    if (taken === 0) return rest.length
    rest = rest.slice(taken)
  }
  return 0
}

/** How many records were taken before the first that failed; none when the function failed. */
async function invoke(name: string, records: readonly unknown[], lambda: LambdaClient): Promise<number> {
  const command = new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify({ Records: records })) })
  const { FunctionError: error, Payload: payload } = await lambda.send(command)
  if (error !== undefined || payload === undefined) return 0
  const reply = JSON.parse(Buffer.from(payload).toString('utf8')) as BatchReply | null
  const failed = reply?.batchItemFailures?.[0]?.itemIdentifier
  if (failed === undefined) return records.length
  return Math.max(
    0,
    records.findIndex((record) => sequenceNumberOf(record) === failed),
  )
}

interface BatchReply {
  readonly batchItemFailures?: readonly { readonly itemIdentifier: string }[]
}

/** Of a record of either stream. */
function sequenceNumberOf(record: unknown): string | undefined {
  const { kinesis, dynamodb } = record as {
    kinesis?: { sequenceNumber?: string }
    dynamodb?: { SequenceNumber?: string }
  }
  return kinesis?.sequenceNumber ?? dynamodb?.SequenceNumber
}
