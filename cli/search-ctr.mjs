#!/usr/bin/env node
// Starts the program: compiled in an installed package, from its sources in a checkout.

import { existsSync } from 'node:fs'
import module from 'node:module'

try {
  process.cwd()
} catch {
  console.error('The folder in which this command runs no longer exists.')
  process.exit(1)
}
module.enableCompileCache?.()
if (existsSync(new URL('main.ts', import.meta.url))) {
  // Node 20 runs no TypeScript, so a loader is registered first.
  const { register } = await import('tsx/esm/api')
  register()
  await import('./main.ts')
} else {
  await import('../dist/cli/main.js')
}
