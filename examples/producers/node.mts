// Sends one user's search, its results and a click: npx tsx node.mts
// It is JavaScript, too. Named node.mjs, it runs without tsx: node node.mjs

import { createProducer, EventsNotSentError } from 'search-session-ctr-producer'

const producer = createProducer({ streamName: process.env.STREAM ?? '' })
try {
  await producer.sendAll([
    { type: 'Search', user: 'node', searchId: 'n1', query: 'dogs' },
    { type: 'Results', user: 'node', searchId: 'n1', items: ['fido', 'rover', 'rex'] },
  ])
  await producer.send({ type: 'ClickResult', user: 'node', searchId: 'n1', item: 'rover' })
} catch (error) {
  if (!(error instanceof EventsNotSentError)) throw error
  // Each has its id. Send them again later, from a file or a queue: at worst they are duplicates.
  console.error(error.message, error.events)
} finally {
  await producer.close()
}
