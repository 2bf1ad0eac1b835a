// The DynamoDB clients of one container: a wait for an answer in, a document client and one for frequent writes with bounded waits out.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { boundedRequests } from './bounded-requests.ts'

/** One per container, so that connections are kept alive between invocations. */
export function documentClient(answerMs?: number): DynamoDBDocumentClient {
  const client = new DynamoDBClient(boundedRequests(answerMs))
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } })
}

/**
 * The same without documents, over the same connections: it puts the middleware of each kind of command together once,
 * which a document client cannot, and not for every request: a quarter less CPU for a record of ingest.
 */
export function writingClient({ config }: DynamoDBDocumentClient): DynamoDBClient {
  const { requestHandler, credentials, region, maxAttempts, endpoint } = config
  const client = new DynamoDBClient({
    maxAttempts,
    requestHandler,
    credentials,
    region,
    // None where the region tells it, or the environment.
    ...(endpoint !== undefined && { endpoint }),
    cacheMiddleware: true,
  })
  // Nobody is told, and what it would tell is copied first.
  client.middlewareStack.remove('loggerMiddleware')
  return client
}
