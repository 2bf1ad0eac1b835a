// Sends one user's search, its results and a click: npx tsx node.ts

import { createProducer, EventsNotSentError } from 'search-session-ctr/producer'

const producer = createProducer({ streamName: process.env.STREAM ?? '' })
try {
  await producer.sendAll([
    { type: 'Search', user: 'node', searchId: 'n1', query: 'dogs' },
    { type: 'Results', user: 'node', searchId: 'n1', items: ['fido', 'rover', 'rex'] },
  ])
  await producer.send({ type: 'ClickResult', user: 'node', searchId: 'n1', item: 'rover' })
} catch (error) {
  if (!(error instanceof EventsNotSentError)) throw error
  // They have their ids: sent again, from a file or a queue, they are duplicates at worst.
  console.error(error.message, error.events)
} finally {
  await producer.close()
}
