// Adds the security checks that a synthesis runs before each deployment.

import { type App, Validations } from 'aws-cdk-lib/core'
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag'

/** A flag in cdk.json makes the CDK check templates against CloudFormation's schemas as well. */
export function addChecks(app: App): void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app))
}
