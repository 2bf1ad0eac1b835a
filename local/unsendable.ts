// Lines that no stream takes: what the producer had left in, each of them kept in the bucket as ingest keeps what it refuses out.

import type { S3Client } from '@aws-sdk/client-s3'
import { s3DeadLetters } from '../functions/aws/dead-letter-bucket.ts'

/** @param before how many events there were before: it tells these lines from others that were kept so. */
export async function keepUnsendable(
  lines: readonly Buffer[],
  before: number,
  s3: S3Client,
  bucket: string,
): Promise<void> {
  await s3DeadLetters(s3, bucket).put(lines.map((line, n) => unsendable(line, before + n)))
}

function unsendable(line: Buffer, index: number) {
  return {
    reason: 'too-large' as const,
    detail: 'over what a Kinesis record may hold',
    shardId: 'producer',
    sequenceNumber: String(index),
    arrivalMs: Date.now(),
    data: line.toString('base64'),
  }
}
