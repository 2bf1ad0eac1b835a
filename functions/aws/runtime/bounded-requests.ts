// Bounds how long an SDK client waits for AWS, so that a lost answer costs only a retry.

import { NodeHttpHandler } from '@smithy/node-http-handler'
import { readAnswerMs } from './environment.ts'

/** So many tries, with the waits below, take far less time than a function may run. */
const TRIES_MAX = 4
/** For a new connection, and for one of the 50 open connections to become free. */
const CONNECTION_MS_MAX = 1000
/** DynamoDB, Kinesis and Secrets Manager answer in tens of milliseconds. */
const ANSWER_MS_MAX = 3000

export interface BoundedRequests {
  readonly maxAttempts: number
  readonly requestHandler: NodeHttpHandler
}

/**
 * Returns settings that make the client retry a request whose answer does not come. AWS may have
 * carried out the first try, which does no harm: every write is conditional or idempotent.
 *
 * @param answerMs how long to wait for an answer to begin, and then for each next part of it. The
 * environment may name another time.
 */
export function boundedRequests(answerMs = ANSWER_MS_MAX): BoundedRequests {
  const waitedMs = readAnswerMs(process.env) ?? answerMs
  const requestHandler = new NodeHttpHandler({
    connectionTimeout: CONNECTION_MS_MAX,
    requestTimeout: waitedMs,
    // By default, the handler only logs a warning for a request that takes longer.
    throwOnRequestTimeout: true,
    // The two timeouts above end when an answer begins.
    socketTimeout: waitedMs,
  })
  return { maxAttempts: TRIES_MAX, requestHandler }
}
