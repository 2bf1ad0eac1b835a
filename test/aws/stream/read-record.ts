// Reads the events of a record as values that tests compare.

import { recordEvents } from '../../../functions/aws/stream/record-events.ts'

/** Returns the subsequence number of each event, with its JSON or the reason for its rejection. */
export function read(sent: string | Buffer): unknown[] {
  return recordEvents(Buffer.from(sent)).events.map((event) => {
    const parsed = event.read()
    return [event.subSequence, parsed.ok ? parsed.value : parsed.reason]
  })
}

export function texts(sent: string | Buffer): string[] {
  return recordEvents(Buffer.from(sent)).events.map(({ data }) => Buffer.from(data(), 'base64').toString())
}

export function details(sent: Buffer): string[] {
  return recordEvents(sent).events.map((event) => {
    const parsed = event.read()
    return parsed.ok ? 'JSON' : `${parsed.reason}: ${parsed.detail}`
  })
}
