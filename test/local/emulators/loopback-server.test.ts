// Checks which requests a server of a local run answers, and how much of a body it reads.

import { afterEach, describe, expect, it } from 'vitest'
import { type LoopbackServer, readBody, serve } from '../../../local/emulators/loopback-server.ts'
import { answerTo, strayRequests } from '../../support/stray-requests.ts'

const BYTES_MAX = 4

let server: LoopbackServer
afterEach(() => server.stop())

async function start(): Promise<number> {
  server = await serve(async (incoming, outgoing) => {
    const body = await readBody(incoming, BYTES_MAX)
    outgoing.end(`read ${body?.length ?? 'none'}`)
  })
  return Number(new URL(server.endpoint).port)
}

function post(host: string, body: string): string {
  return `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
}

describe('a server of a local run', () => {
  it('answers requests that name its own address and port', async () => {
    const port = await start()
    expect(await answerTo(port, post(`127.0.0.1:${port}`, 'text'))).toMatch(/^HTTP\/1\.1 200 /)
    expect(await answerTo(port, post(`localhost:${port}`, 'text'))).toMatch(/^HTTP\/1\.1 200 /)
  })

  it.each([
    'a foreign host',
    'a foreign host on this port',
    'the origin of a web page',
    'a browser without an origin',
    'a preflight of a web page',
    'the address of another server',
  ])('refuses %s', async (what) => {
    const port = await start()
    expect(await answerTo(port, strayRequests(port)[what] ?? '')).toMatch(/^HTTP\/1\.1 403 /)
  })

  it('reads no body that is longer than its limit', async () => {
    await start()
    const send = async (body: string) => (await fetch(server.endpoint, { method: 'POST', body })).text()
    expect(await send('x'.repeat(BYTES_MAX))).toBe('read 4')
    expect(await send('x'.repeat(BYTES_MAX + 1))).toBe('read none')
  })
})
