// Sends what no AWS client sends to a port of this machine.

import { connect } from 'node:net'

const END = '\r\n\r\n'

/** Complete requests and bytes that are none, by name. */
export function strayRequests(port: number): Readonly<Record<string, string>> {
  const host = `Host: 127.0.0.1:${port}`
  const signature = 'Authorization: AWS4-HMAC-SHA256 Credential=unknown/20260302/us-east-1/any/aws4_request'
  const post = (...headers: string[]): string =>
    ['POST / HTTP/1.1', ...headers, 'Content-Length: 2', '', '{}'].join('\r\n')
  return {
    'a foreign host': post('Host: attacker.example'),
    'a foreign host on this port': post(`Host: attacker.example:${port}`),
    'no host': `GET / HTTP/1.0${END}`,
    'the origin of a web page': post(host, 'Origin: http://attacker.example'),
    'a browser without an origin': `GET / HTTP/1.1\r\n${host}\r\nSec-Fetch-Site: cross-site${END}`,
    'a preflight of a web page': `OPTIONS / HTTP/1.1\r\n${host}\r\nOrigin: http://attacker.example${END}`,
    'the address of another server': `GET http://attacker.example/ HTTP/1.1\r\n${host}${END}`,
    'no HTTP': `\u0000\u0001 nonsense${END}`,
    'an unknown method': `BREW / HTTP/1.1\r\n${host}${END}`,
    'a header of 64 KB': `GET / HTTP/1.1\r\n${host}\r\nX: ${'x'.repeat(65_536)}${END}`,
    'a path that looks like a server': `GET //attacker.example/ HTTP/1.1\r\n${host}\r\n${signature}${END}`,
    'an unknown caller': post(host, signature, 'X-Amz-Target: Unknown_20260302.Unknown'),
    'a broken document': post(host, signature, 'X-Amz-Target: Kinesis_20131202.GetRecords').replace('{}', '{"'),
  }
}

/** Returns the whole answer; empty if the server ends the connection without one. */
export function answerTo(port: number, request: string): Promise<string> {
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    const end = (): void => {
      socket.destroy()
      resolve(Buffer.concat(parts).toString('latin1'))
    }
    socket.on('data', (part) => {
      parts.push(part)
      // A server may leave the connection open for the next request.
      if (Buffer.concat(parts).includes(END)) end()
    })
    socket.on('error', end).on('close', end)
  })
}

/** Begins a request with a body of a gigabyte, and ends the connection in the middle of it. */
export function abortedRequest(port: number): Promise<void> {
  return new Promise((resolve) => {
    const head = `POST / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 1000000000${END}{"`
    const socket = connect(port, '127.0.0.1', () => socket.write(head, () => socket.resetAndDestroy()))
    socket.on('error', () => {}).on('close', () => resolve())
  })
}

/** Opens a connection and sends half a request. Returns a function that ends it. */
export function halfOpen(port: number): Promise<() => void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('POST / HTTP/1.1\r\nHost: 127.', () => resolve(() => socket.destroy()))
    })
    socket.on('error', () => {})
  })
}

/** Returns whether a server at this address accepts a connection. */
export function accepts(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
