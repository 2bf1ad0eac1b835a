// Checks which requests the server of the live page answers, and how it treats its clients.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { CLIENTS_MAX } from '../../watch/frame-clients.ts'
import { startWatchServer, type WatchServer } from '../../watch/watch-server.ts'
import { accepts, answerTo, strayRequests } from '../support/stray-requests.ts'

const PAGE = { html: '<!doctype html><title>page</title>', policy: "default-src 'none'" }
const END = '\r\n\r\n'

let server: WatchServer
let revision = 0
let frame = '{"a":1}'
afterEach(() => server.stop())

async function start(): Promise<{ readonly port: number; readonly token: string; readonly host: string }> {
  revision = 0
  frame = '{"a":1}'
  server = await startWatchServer(
    PAGE,
    {
      revision: () => revision,
      frame: () => frame,
      session: (number) => (number === 7 ? '{"user":"ann"}' : 'null'),
    },
    { frameEveryMs: 5 },
  )
  const { port, pathname } = new URL(server.address)
  return { port: Number(port), token: pathname.split('/')[1] ?? '', host: `Host: 127.0.0.1:${port}` }
}

function get(path: string, ...headers: string[]): string {
  return ['GET', path, 'HTTP/1.1\r\n'].join(' ') + headers.join('\r\n') + END
}

describe('the server of the live page', () => {
  it('answers the page with a policy, and lets no cache store it', async () => {
    await start()
    const answer = await fetch(server.address)
    expect([answer.status, await answer.text()]).toEqual([200, PAGE.html])
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    })
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })

  it('has another token of 256 bits each time', async () => {
    const { token } = await start()
    await server.stop()
    const other = await start()
    expect(Buffer.from(token, 'base64url')).toHaveLength(32)
    expect(other.token).not.toBe(token)
  })

  it('answers a session by its number, and null for one that it does not know', async () => {
    await start()
    expect(await (await fetch(`${server.address}session/7`)).json()).toEqual({ user: 'ann' })
    expect(await (await fetch(`${server.address}session/8`)).json()).toBeNull()
    for (const number of ['-7', '7.0', '07x', '', '7/', '1'.repeat(20)])
      expect((await fetch(`${server.address}session/${number}`)).status).toBe(404)
  })

  it.each([
    'a foreign host',
    'a foreign host on this port',
    'the origin of a web page',
    'a browser without an origin',
    'a preflight of a web page',
  ])('refuses %s, also with the token', async (what) => {
    const { port, token } = await start()
    const stray = (strayRequests(port)[what] ?? '').replace(/^(\w+) \//, `$1 /${token}/`)
    expect(stray).toContain(token)
    expect(await answerTo(port, stray)).toMatch(/^HTTP\/1\.1 403 /)
  })

  it('refuses localhost as its name, since its address has the other', async () => {
    const { port, token } = await start()
    expect(await answerTo(port, get(`/${token}/`, `Host: localhost:${port}`))).toMatch(/^HTTP\/1\.1 403 /)
  })

  it('takes requests that its own page sends, and none of another port of this machine', async () => {
    const { port, token, host } = await start()
    const from = (origin: string): string => get(`/${token}/session/7`, host, `Origin: ${origin}`)
    expect(await answerTo(port, from(`http://127.0.0.1:${port}`))).toMatch(/^HTTP\/1\.1 200 /)
    for (const origin of ['http://127.0.0.1:1', `http://localhost:${port}`, `https://127.0.0.1:${port}`, 'null'])
      expect(await answerTo(port, from(origin))).toMatch(/^HTTP\/1\.1 403 /)
  })

  it('takes a typed address and the requests of its page, and none that a link or another site starts', async () => {
    const { port, token, host } = await start()
    const from = (site: string): string => get(`/${token}/`, host, `Sec-Fetch-Site: ${site}`)
    for (const site of ['none', 'same-origin']) expect(await answerTo(port, from(site))).toMatch(/^HTTP\/1\.1 200 /)
    for (const site of ['same-site', 'cross-site']) expect(await answerTo(port, from(site))).toMatch(/^HTTP\/1\.1 403 /)
  })

  it('has nothing without the token, or with a wrong one', async () => {
    const { port, token, host } = await start()
    const wrong = ['', 'x', token.slice(1), `${token}x`, token.toUpperCase(), `%${token}`, `${token}?`]
    for (const text of wrong)
      for (const path of [`/${text}`, `/${text}/`, `/${text}/frames`, `/${text}/session/7`, `/?token=${text}`]) {
        if (path === `/${token}?/`) continue
        expect(await answerTo(port, get(path, host))).toMatch(/^HTTP\/1\.1 404 /)
      }
    expect(await answerTo(port, get('/favicon.ico', host))).toMatch(/^HTTP\/1\.1 404 /)
  })

  it('serves no file, whatever the path', async () => {
    const { port, token, host } = await start()
    for (const path of [
      '../../etc/passwd',
      '%2e%2e/package.json',
      '..%2fpackage.json',
      'watch.css',
      '\\..\\x',
      'frames/..',
    ])
      expect(await answerTo(port, get(`/${token}/${path}`, host))).toMatch(/^HTTP\/1\.1 404 /)
    expect(await answerTo(port, get(`http://127.0.0.1:${port}/${token}/`, host))).toMatch(/^HTTP\/1\.1 404 /)
  })

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD'])('refuses %s', async (method) => {
    const { port, token, host } = await start()
    const asked = get(`/${token}/`, host, 'Content-Length: 2').replace('GET', method)
    expect(await answerTo(port, `${asked}{}`)).toMatch(/^HTTP\/1\.1 405 /)
  })

  it('listens on the loopback address only', async () => {
    const { port } = await start()
    expect(await accepts('127.0.0.1', port)).toBe(true)
    expect(await accepts('::1', port)).toBe(false)
  })
})

describe('a client of the live page', () => {
  it('gets a frame at once, and another when something has changed', async () => {
    await start()
    const frames = await openFrames()
    expect(await frames.next()).toBe('data: {"a":1}\n\n')
    frame = '{"a":2}'
    revision++
    expect(await frames.next()).toContain('{"a":2}')
  })

  it('is refused beside too many others, and taken when one of them has gone', async () => {
    await start()
    const opened = await Promise.all(Array.from({ length: CLIENTS_MAX }, openFrames))
    const more = await fetch(`${server.address}frames`)
    expect([more.status, server.clients()]).toEqual([503, CLIENTS_MAX])
    await opened[0]?.end()
    while (server.clients() === CLIENTS_MAX) await new Promise(setImmediate)
    await openFrames()
    expect(server.clients()).toBe(CLIENTS_MAX)
  })

  it('is dropped if it reads nothing, and the others go on', async () => {
    const { port, token, host } = await start()
    const frames = await openFrames()
    const slow = await unread(port, get(`/${token}/frames`, host))
    while (server.clients() < 2) await new Promise(setImmediate)
    frame = JSON.stringify('x'.repeat(1024 * 1024))
    const growing = setInterval(() => revision++, 1)
    const read = (async () => {
      while (server.clients() > 1) await frames.next()
    })()
    await read
    clearInterval(growing)
    slow.destroy()
    expect(server.clients()).toBe(1)
  })

  it('gets a last frame and the end when the command ends', async () => {
    await start()
    const frames = await openFrames()
    await frames.next()
    frame = '{"a":"last"}'
    const stopped = server.stop()
    expect(await frames.rest()).toContain('data: {"a":"last"}\n\nevent: end\ndata:\n\n')
    await stopped
    await expect(fetch(server.address)).rejects.toThrow()
  })

  it('does not hold the command if it reads nothing', async () => {
    const { port, token, host } = await start()
    frame = JSON.stringify('x'.repeat(1024 * 1024))
    const slow = await unread(port, get(`/${token}/frames`, host))
    while (server.clients() < 1) await new Promise(setImmediate)
    await server.stop()
    slow.destroy()
    expect(server.clients()).toBe(0)
  })
})

async function openFrames() {
  const answer = await fetch(`${server.address}frames`)
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  const next = async (): Promise<string> => String((await reader?.read())?.value ?? '')
  return {
    next,
    rest: async (): Promise<string> => {
      let text = ''
      for (let part = await next(); part !== ''; part = await next()) text += part
      return text
    },
    end: async () => reader?.cancel(),
  }
}

/** Sends a request, and never reads the answer. */
async function unread(port: number, request: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.pause()
  socket.write(request)
  return socket
}
