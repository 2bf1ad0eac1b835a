// Checks when a browser opens, and by which command.

import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { commandFor, hasDesktop } from '../../terminal/open-browser.ts'

const TERMINAL = Object.assign(new PassThrough(), { isTTY: true })
const DESKTOP = { DISPLAY: ':0' }

describe('a browser opens', () => {
  it.each(['linux', 'darwin', 'win32'] as const)('at a terminal with a desktop of %s', (platform) => {
    expect(hasDesktop({ stderr: TERMINAL, env: DESKTOP }, platform)).toBe(true)
  })

  it('on Wayland, which sets another variable', () => {
    expect(hasDesktop({ stderr: TERMINAL, env: { WAYLAND_DISPLAY: 'wayland-0' } }, 'linux')).toBe(true)
  })

  it.each([
    ['in CI', { ...DESKTOP, CI: 'true' }],
    ['over SSH', { ...DESKTOP, SSH_CONNECTION: '10.0.0.1 22' }],
    ['where BROWSER is none', { ...DESKTOP, BROWSER: 'none' }],
    ['on Linux without a display', {}],
  ])('never %s', (_, env) => {
    expect(hasDesktop({ stderr: TERMINAL, env }, 'linux')).toBe(false)
  })

  it('never without a terminal', () => {
    expect(hasDesktop({ stderr: new PassThrough(), env: DESKTOP }, 'darwin')).toBe(false)
  })
})

it('each system’s command gets the address as one argument, without a shell', () => {
  const address = 'http://127.0.0.1:1/a&b/'
  for (const platform of ['linux', 'darwin', 'win32', 'freebsd'] as const) {
    const [command, ...args] = commandFor(address, platform)
    expect(command).toMatch(/^(open|xdg-open|rundll32)$/)
    expect(args.at(-1)).toBe(address)
  }
})
