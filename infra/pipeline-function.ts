// One Lambda of the pipeline: its name, environment and permissions in, a bundled function with its own role and log out.

import { fileURLToPath } from 'node:url'
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda'
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { type Duration, RemovalPolicy } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

export interface Permission {
  readonly actions: readonly string[]
  readonly resources: readonly string[]
}

export interface PipelineFunctionProps {
  /** Folder of its handler under `functions/`. */
  readonly step: 'ingest' | 'sweep' | 'finalize'
  readonly environment: Readonly<Record<string, string>>
  readonly timeout: Duration
  readonly permissions: readonly Permission[]
}

export function pipelineFunction(scope: Construct, id: string, props: PipelineFunctionProps): NodejsFunction {
  const logGroup = new LogGroup(scope, `${id}Log`, {
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  })
  const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
  logGroup.grantWrite(role)
  for (const { actions, resources } of props.permissions) {
    role.addToPolicy(new PolicyStatement({ effect: Effect.ALLOW, actions: [...actions], resources: [...resources] }))
  }
  return new NodejsFunction(scope, id, {
    entry: `${ROOT}functions/${props.step}/handler.ts`,
    handler: 'handler',
    projectRoot: ROOT,
    depsLockFilePath: `${ROOT}package-lock.json`,
    // Pinned, not "latest", which would change under a running stack.
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: 512,
    timeout: props.timeout,
    environment: { ...props.environment },
    role,
    logGroup,
    bundling: {
      format: OutputFormat.ESM,
      // The SDK's module builds are a third smaller than its CommonJS ones, and it is bundled so that it is the tested one.
      mainFields: ['module', 'main'],
      bundleAwsSDK: true,
      // The oldest Node that runs the bundles locally; Lambda's is newer.
      target: 'node20',
      minify: true,
      // Some dependencies of the SDK still call require.
      banner: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
    },
  })
}
