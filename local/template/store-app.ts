// Synthesizes the app in a process of its own and stores it: `store-app FOLDER SETTINGS`. It ends
// when the app is stored, even if the run that started it was killed.

import { rmSync } from 'node:fs'
import { basename } from 'node:path'
import { finishApp } from './app-cache.ts'
import { appName } from './stored-app.ts'
import { synthesize } from './synthesized-app.ts'

const [folder = '', text = '{}'] = process.argv.slice(2)
try {
  const settings = JSON.parse(text)
  await synthesize(folder, settings)
  const [name] = basename(folder).split('.')
  if (name !== (await appName(settings))) throw new Error('the sources changed meanwhile')
  finishApp(folder, Date.now())
} catch {
  // The run synthesizes the app itself then, and reports the error.
  rmSync(folder, { recursive: true, force: true })
  process.exitCode = 1
}
