// The CDK app: context (`-c name=value`) in, the stack's template and bundles in `cdk.out` out.

import { App } from 'aws-cdk-lib/core'
import { readContext, SettingError } from './settings.ts'
import { SearchSessionCtrStack } from './stack.ts'

const app = new App()
try {
  new SearchSessionCtrStack(app, 'SearchSessionCtr', readContext(app.node))
} catch (error) {
  if (!(error instanceof SettingError)) throw error
  console.error(error.message)
  process.exit(1)
}
