// Runs the CDK app: reads the settings (`-c name=value`) and synthesizes the stack.

import { App } from 'aws-cdk-lib/core'
import { readContext } from './read-settings.ts'
import { SettingError } from './setting-kinds.ts'
import { SearchSessionCtrStack } from './stack.ts'
import { STACK_NAME } from './stack-settings.ts'

const app = new App()
// A local run leaves them out, since they take four fifths of the time.
if (process.env.CDK_VALIDATION !== 'false') (await import('./checks.ts')).addChecks(app)
try {
  new SearchSessionCtrStack(app, STACK_NAME, readContext(app.node))
} catch (error) {
  if (!(error instanceof SettingError)) throw error
  console.error(error.message)
  process.exit(1)
}
