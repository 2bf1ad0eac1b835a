#!/usr/bin/env node
// The program as npm installs it: Node 20 runs no TypeScript, so a loader that does is registered first.

import module from 'node:module'
import { register } from 'tsx/esm/api'

module.enableCompileCache?.()
register()
await import('./main.ts')
