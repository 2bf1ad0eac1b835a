#!/usr/bin/env node
// Starts the installed program. Node 20 runs no TypeScript, so the program registers a loader
// first.

import module from 'node:module'
import { register } from 'tsx/esm/api'

module.enableCompileCache?.()
register()
await import('./main.ts')
