// The CDK app: context (`-c name=value`) in, the stack's checked template and bundles in `cdk.out` out.

import { App } from 'aws-cdk-lib/core'
import { addChecks } from './checks.ts'
import { SettingError } from './setting-kinds.ts'
import { readContext, STACK_NAME } from './settings.ts'
import { SearchSessionCtrStack } from './stack.ts'

const app = new App()
addChecks(app)
try {
  new SearchSessionCtrStack(app, STACK_NAME, readContext(app.node))
} catch (error) {
  if (!(error instanceof SettingError)) throw error
  console.error(error.message)
  process.exit(1)
}
