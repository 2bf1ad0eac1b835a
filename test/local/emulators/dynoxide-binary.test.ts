// Checks when an emulator of DynamoDB counts as missing, and what a person can do then.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { emulatorLack, notInstalled } from '../../../local/emulators/dynoxide-binary.ts'

const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-binary-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const LINUX = { platform: 'linux', arch: 'x64' }
const MAC = { platform: 'darwin', arch: 'arm64' }

function binary(name: string, content: string, mode: number): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

describe('the emulator of DynamoDB', () => {
  it('is missing where npm has installed none for the machine', async () => {
    expect((await emulatorLack({}, MAC))?.why).toBe('no emulator of DynamoDB is installed for darwin-arm64')
  })

  it.each([
    ['is a broken link', () => join(folder, 'gone'), 'ENOENT'],
    ['may not run', () => binary('no-permission', '#!/bin/sh\n', 0o644), 'EACCES'],
    ['needs a loader that is not there', () => binary('loader', '#!/no/such/loader\n', 0o755), 'ENOENT'],
    ['is of another machine', () => binary('other', '\u007fELF\u0002\u0001', 0o755), /ENOEXEC|EACCES|126|127|8/],
    ['ends at once', () => binary('ends', '#!/bin/sh\nexit 3\n', 0o755), '3'],
  ])('is missing where its binary %s', async (_, make, why) => {
    const lack = await emulatorLack({}, LINUX, make)
    expect(lack?.why).toMatch(/^the emulator of DynamoDB does not run on linux-x64 \(/)
    expect(lack?.why).toMatch(why)
    expect(lack?.remedy).toMatch(/^start DynamoDB Local /)
  })

  it('is there where its binary prints a version', async () => {
    expect(await emulatorLack({}, LINUX, () => binary('good', '#!/bin/sh\necho 1.2.1\n', 0o755))).toBeNull()
  })

  it('is missing where DYNOXIDE_BIN names what does not run, and the reason names the variable', async () => {
    const lack = await emulatorLack({ DYNOXIDE_BIN: '/no/such/file' }, LINUX)
    expect(lack?.why).toBe("DYNOXIDE_BIN names '/no/such/file', which does not run on linux-x64 (ENOENT)")
  })

  it('is there where the user names its address, so that a mistake is reported', async () => {
    expect(await emulatorLack({ DYNAMODB_ENDPOINT: 'http://127.0.0.1:9' }, MAC, () => null)).toBeNull()
  })

  it('comes by npm only where npm has it, and by Docker everywhere', () => {
    expect(notInstalled(LINUX).remedy).toMatch(/^run 'npm install --no-save @dynoxide\/linux-x64@1\.2\.1', or start /)
    expect(notInstalled(MAC).remedy).toMatch(/^start DynamoDB Local with 'docker run .* and set DYNAMODB_ENDPOINT=/)
  })
})
