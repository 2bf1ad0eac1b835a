#!/usr/bin/env node
// Starts the program: compiled in an installed package, from its sources in a checkout.

import { existsSync } from 'node:fs'
import module from 'node:module'

module.enableCompileCache?.()
if (existsSync(new URL('main.ts', import.meta.url))) {
  // Node 20 runs no TypeScript, so a loader is registered first.
  const { register } = await import('tsx/esm/api')
  register()
  await import('./main.ts')
} else {
  await import('../dist/cli/main.js')
}
