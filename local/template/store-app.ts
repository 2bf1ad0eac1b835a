// Synthesizes the app in a process of its own and stores it in a folder: `store-app.ts FOLDER
// SETTINGS`. It ends when the app is stored, even if the run that started it was killed.

import { cpSync, existsSync, renameSync, rmSync } from 'node:fs'
import { UserError } from '../../terminal/user-error.ts'
import { synthesizedApp } from './synthesized-app.ts'

const [folder = '', settings = '{}'] = process.argv.slice(2)
const copy = `${folder}.${process.pid}`
try {
  const app = await synthesizedApp(JSON.parse(settings))
  cpSync(app.folder, copy, { recursive: true })
  renameSync(copy, folder)
} catch (error) {
  rmSync(copy, { recursive: true, force: true })
  // The process of another run may have stored the same app meanwhile.
  if (!existsSync(folder)) {
    console.error(error instanceof UserError ? error.message : (error as Error).stack)
    process.exitCode = 1
  }
}
