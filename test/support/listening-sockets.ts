// Lists the addresses on which this process and its children listen, as Linux shows them in /proc.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { processTree, unlessGone } from './process-tree.ts'

export interface ListeningSocket {
  /** An IPv4 address, or the 32 hexadecimal digits of an IPv6 address. */
  readonly address: string
  readonly port: number
}

const LISTENING = '0A'

export function listeningSockets(): ListeningSocket[] {
  const sockets = new Set(processTree().flatMap(socketsOf))
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => {
    const [, ...lines] = readFileSync(table, 'utf8').trim().split('\n')
    return lines.flatMap((line) => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
      return state === LISTENING && sockets.has(inode) ? [toSocket(local)] : []
    })
  })
}

/** The kernel writes an IPv4 address in hexadecimal, its last byte first. */
function toSocket(local: string): ListeningSocket {
  const [address = '', port = ''] = local.split(':')
  const bytes = Buffer.from(address, 'hex').reverse()
  return { address: bytes.length === 4 ? bytes.join('.') : address, port: Number.parseInt(port, 16) }
}

function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`
  const files = unlessGone(() => readdirSync(folder)) ?? []
  const links = files.map((file) => unlessGone(() => readlinkSync(`${folder}/${file}`)) ?? '')
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [])
}
