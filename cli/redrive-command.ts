// `redrive`: a dead-letter bucket and the functions in, every record in it sent again out, as often as one likes.

import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3'
import { type Resend, toResends } from '../functions/aws/dead-letter-objects.ts'
import { startProgress } from './progress.ts'
import { columns } from './text-table.ts'

export interface RedriveOptions {
  readonly bucket: string
  readonly ingest: string
  readonly finalize: string
  readonly prefix: string
}

export interface Redriven {
  objects: number
  records: number
  /** Records that came back: a batch is taken up to its first failure. */
  failed: number
  /** Objects that hold no dead letter. */
  unreadable: string[]
}

export async function runRedrive(options: RedriveOptions): Promise<void> {
  const progress = startProgress()
  const report = await redrive(options, new S3Client(), new LambdaClient(), (objects) =>
    progress.show(`${objects} objects sent again`),
  )
  progress.clear()
  console.log(
    columns([
      ['objects', String(report.objects)],
      ['records sent again', String(report.records)],
      ['failed again', String(report.failed)],
      ['unreadable objects', String(report.unreadable.length)],
    ]),
  )
  for (const key of report.unreadable) console.error(`not a dead letter: ${key}`)
  if (report.failed > 0 || report.unreadable.length > 0) process.exitCode = 1
}

/** One object after the other. Nothing is deleted: the bucket's own rule does that, and sending again is safe. */
export async function redrive(
  { bucket, prefix, ingest, finalize }: RedriveOptions,
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
        const isTaken = await invoke(step === 'ingest' ? ingest : finalize, event, lambda)
        if (!isTaken) report.failed += event.Records.length
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

/** False when the function failed, or says that some of the records did. */
async function invoke(name: string, event: Resend['event'], lambda: LambdaClient): Promise<boolean> {
  const command = new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify(event)) })
  const { FunctionError: error, Payload: payload } = await lambda.send(command)
  if (error !== undefined || payload === undefined) return false
  const reply = JSON.parse(Buffer.from(payload).toString('utf8')) as { batchItemFailures?: unknown[] } | null
  return (reply?.batchItemFailures ?? []).length === 0
}
