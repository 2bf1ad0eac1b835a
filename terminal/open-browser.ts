// Opens an address in the browser of a person at a terminal.

import { spawn } from 'node:child_process'
import type { Terminal } from './terminal.ts'

type Screen = Pick<Terminal, 'stderr' | 'env'>

/** Returns whether a person with a desktop is at the terminal, so that a browser may open. */
export function hasDesktop({ stderr, env }: Screen, platform: NodeJS.Platform = process.platform): boolean {
  // BROWSER=none is how people turn this off in other tools.
  if (stderr.isTTY !== true || env.CI || env.BROWSER === 'none') return false
  // Over SSH, a browser would open on a machine without a reader. On Linux, it needs a display.
  if (env.SSH_CONNECTION) return false
  return platform !== 'linux' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY)
}

/** Does nothing without a desktop. A browser that does not start is no error. */
export function openBrowser(address: string, screen: Screen): void {
  if (!hasDesktop(screen)) return
  const [command, ...args] = commandFor(address, process.platform)
  const child = spawn(command, args, { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}

/** Each of these takes the address as one argument, which no shell reads. */
export function commandFor(address: string, platform: NodeJS.Platform): readonly [string, ...string[]] {
  if (platform === 'darwin') return ['open', address]
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', address]
  return ['xdg-open', address]
}
