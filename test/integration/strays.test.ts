// Checks that a local run is closed to other machines and web pages, and survives their requests.

import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import type { LocalRun } from '../../local/run/local-run.ts'
import { at } from '../support/events.ts'
import { listeningSockets } from '../support/listening-sockets.ts'
import { abortedRequest, accepts, answerTo, halfOpen, strayRequests } from '../support/stray-requests.ts'
import { onLocalRun, toBuffers } from './on-emulators.ts'

const LOG = ['dogs', 'cats'].map((query, n) => JSON.stringify({ type: 'Search', user: `u${n}`, query, time: at(n) }))

/** Every server of the run but DynamoDB's emulator, which no request reaches but its server's. */
function portsOfServers(run: LocalRun): number[] {
  const ports = listeningSockets().flatMap(({ address, port }) => (address === '127.0.0.1' ? [port] : []))
  const { kinesis, dynamodb, s3, lambda, secrets } = run.endpoints
  const named = [kinesis, dynamodb, s3, lambda, secrets].map((endpoint) => Number(new URL(endpoint).port))
  expect(ports).toEqual(expect.arrayContaining(named))
  return ports
}

function addressesOfThisMachine(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((of) => of ?? [])
  return [
    '127.0.0.2',
    ...addresses.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address),
  ]
}

describe.skipIf(process.platform !== 'linux')('a local run', () => {
  it('listens on loopback addresses alone, refuses stray requests and ends right', async () => {
    await onLocalRun({ env: {} }, async (run) => {
      await run.replay('first', toBuffers(LOG.slice(0, 1)), () => {})
      const foreign = listeningSockets().filter(({ address }) => !address.startsWith('127.'))
      expect(foreign).toEqual([])
      const closing: (() => void)[] = []
      for (const port of portsOfServers(run)) {
        for (const address of addressesOfThisMachine())
          expect([address, port, await accepts(address, port)]).toEqual([address, port, false])
        for (const [what, request] of Object.entries(strayRequests(port))) {
          const answer = await answerTo(port, request)
          expect([port, what, answer]).toEqual([port, what, expect.stringMatching(/^(HTTP\/1\.1 [45]\d\d |$)/)])
          expect([port, what, answer]).toEqual([port, what, expect.not.stringMatching(/access-control-/i)])
        }
        await abortedRequest(port)
        closing.push(await halfOpen(port))
      }
      await run.replay('second', toBuffers(LOG.slice(1)), () => {})
      await run.drain()
      expect(await run.summary()).toMatchObject({ eventsIn: 2, accepted: 2, searches: 2, users: 2 })
      for (const close of closing) close()
    })
  })
})
