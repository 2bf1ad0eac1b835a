// Lists the addresses on which this process and its children listen, as Linux shows them in /proc.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

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

function processTree(): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(name)] as const)
  const tree = [process.pid]
  for (const parent of tree) tree.push(...parents.flatMap(([pid, of]) => (of === parent ? [pid] : [])))
  return tree
}

/** The name of the program comes in parentheses before the parent, and may hold any character. */
function parentOf(pid: string): number {
  const stat = unlessGone(() => readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? ''
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`
  const files = unlessGone(() => readdirSync(folder)) ?? []
  const links = files.map((file) => unlessGone(() => readlinkSync(`${folder}/${file}`)) ?? '')
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [])
}

/** Processes end and files close while this process reads them. */
function unlessGone<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null
  }
}
