// What every synthesis is checked for: the app in; the security packs that go over its templates out.

import { type App, Validations } from 'aws-cdk-lib/core'
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag'

/** Beside what the CDK itself checks: every template against the schemas of CloudFormation (a flag in cdk.json). */
export function addChecks(app: App): void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app))
}
