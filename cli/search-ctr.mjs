#!/usr/bin/env node
// Starts the program: compiled in an installed package, from its sources in a checkout.

import { existsSync } from 'node:fs'
import module from 'node:module'

/** The oldest Node that runs the program, as in package.json. */
const OLDEST = { major: 20, minor: 19 }

function end(message) {
  console.error(message)
  process.exit(1)
}

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor))
  end(`Node ${OLDEST.major}.${OLDEST.minor} or later runs this program, and this is Node ${process.versions.node}.`)
try {
  process.cwd()
} catch {
  end('The folder in which this command runs no longer exists.')
}
module.enableCompileCache?.()
if (existsSync(new URL('main.ts', import.meta.url))) {
  // Node 20 runs no TypeScript, so a loader is registered first.
  const { register } = await import('tsx/esm/api').catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
    return end("The packages of this checkout are not installed: run 'npm ci' in it.")
  })
  register()
  await import('./main.ts')
} else {
  await import('../dist/cli/main.js')
}
