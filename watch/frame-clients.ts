// Sends frames to the pages that are open, and drops those that do not read them.

import type { ServerResponse } from 'node:http'

export interface Watched {
  /** Changes with all that the page shows, apart from its clock. */
  revision(): number
  /** Returns a frame as JSON, without line breaks. */
  frame(): string
  /**
   * Returns a session as JSON, or the JSON of null for a number that it does not know. A reader may
   * choose a session that has just left, so this is no error.
   */
  session(number: number): string
}

/** Every answer has these headers. */
export const HEADERS = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const

export const CLIENTS_MAX = 8
/** A client that has not read so many bytes is dropped. A frame has at most 100 KB. */
const UNREAD_BYTES_MAX = 2 * 1024 * 1024
/** A comment for each so many frames without a change finds connections that are gone. */
const IDLE_FRAMES_MAX = 30
const STOP_MS_MAX = 200

export interface FrameClients {
  count(): number
  /** Returns false where there are too many clients. */
  add(outgoing: ServerResponse): boolean
  stop(): Promise<void>
}

/** Sends each client the first frame at once, and later ones when something has changed. */
export function frameClients(watched: Watched, everyMs: number): FrameClients {
  const clients = new Set<ServerResponse>()
  let sentRevision = -1
  let idleFrames = 0
  let timer: NodeJS.Timeout | undefined
  const send = (text: string): void => {
    for (const client of clients) {
      client.write(text)
      if (client.writableLength > UNREAD_BYTES_MAX) client.destroy()
    }
  }
  const frameText = (): string => `data: ${watched.frame()}\n\n`
  const sendChange = (): void => {
    const revision = watched.revision()
    if (revision === sentRevision) {
      idleFrames = (idleFrames + 1) % IDLE_FRAMES_MAX
      if (idleFrames === 0) send(':\n\n')
      return
    }
    sentRevision = revision
    idleFrames = 0
    send(frameText())
  }
  return {
    count: () => clients.size,
    add: (outgoing) => {
      if (clients.size >= CLIENTS_MAX) return false
      outgoing.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream; charset=utf-8' })
      outgoing.write(frameText())
      clients.add(outgoing)
      timer ??= setInterval(sendChange, everyMs)
      outgoing.on('close', () => {
        clients.delete(outgoing)
        if (clients.size > 0) return
        clearInterval(timer)
        timer = undefined
      })
      return true
    },
    stop: async () => {
      clearInterval(timer)
      const last = [...clients].map(
        (client) =>
          new Promise<void>((resolve) => {
            client.on('close', resolve)
            client.end(`${frameText()}event: end\ndata:\n\n`, resolve)
          }),
      )
      // A client that reads nothing must not hold the command.
      await Promise.race([Promise.all(last), new Promise((resolve) => setTimeout(resolve, STOP_MS_MAX).unref())])
    },
  }
}
