// How long and how often the functions ask AWS: a wait for an answer in, settings that every SDK client of theirs is made with out.

import { NodeHttpHandler } from '@smithy/node-http-handler'

/** With the waits below far less than a function may run, so that a lost answer costs a try and not the function. */
const TRIES_MAX = 4
/** To connect, and to wait for one of 50 connections that are kept alive. */
const CONNECTION_MS_MAX = 1000
/** DynamoDB, Kinesis and Secrets Manager answer in tens of milliseconds. */
const ANSWER_MS_MAX = 3000

export interface BoundedRequests {
  readonly maxAttempts: number
  readonly requestHandler: NodeHttpHandler
}

/**
 * What is asked again may have been done: every write is conditional, or the same however often it is made.
 *
 * @param answerMs until an answer begins, and then between any two parts of it.
 */
export function boundedRequests(answerMs = ANSWER_MS_MAX): BoundedRequests {
  const requestHandler = new NodeHttpHandler({
    connectionTimeout: CONNECTION_MS_MAX,
    requestTimeout: answerMs,
    // Else the handler only warns of a request that takes longer.
    throwOnRequestTimeout: true,
    // The other two end where an answer begins.
    socketTimeout: answerMs,
  })
  return { maxAttempts: TRIES_MAX, requestHandler }
}
