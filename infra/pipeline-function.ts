// One Lambda of the pipeline: its name, environment and permissions in, a bundled function with its own role and log out.

import { fileURLToPath } from 'node:url'
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda'
import { type BundlingOptions, NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { type Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

export interface Permission {
  readonly actions: readonly string[]
  readonly resources: readonly string[]
  /** Why a resource ends with a wildcard. */
  readonly wildcardReason?: string
}

export interface PipelineFunctionProps {
  /** Folder of its handler under `functions/`. */
  readonly step: 'ingest' | 'sweep' | 'finalize' | 'rollup'
  readonly environment: Readonly<Record<string, string>>
  readonly timeout: Duration
  readonly memoryMb?: number
  readonly permissions: readonly Permission[]
  /** Why there is no dead-letter queue of its own. */
  readonly deadLetterReason: string
}

export function pipelineFunction(scope: Construct, id: string, props: PipelineFunctionProps): NodejsFunction {
  const logGroup = new LogGroup(scope, `${id}Log`, {
    retention: RetentionDays.ONE_MONTH,
    // It holds counts only.
    removalPolicy: RemovalPolicy.DESTROY,
  })
  const role = roleOf(scope, id, props.permissions)
  logGroup.grantWrite(role)
  const fn = new NodejsFunction(scope, id, {
    entry: `${ROOT}functions/${props.step}/handler.ts`,
    handler: 'handler',
    projectRoot: ROOT,
    // Not the lock file, which a packed package lacks.
    depsLockFilePath: `${ROOT}package.json`,
    // Pinned, not "latest", which would change under a running stack.
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: props.memoryMb ?? 512,
    timeout: props.timeout,
    environment: { ...props.environment },
    role,
    logGroup,
    bundling: BUNDLING,
  })
  Validations.of(fn).acknowledge({
    id: 'Serverless::Serverless-LambdaDLQ',
    reason: props.deadLetterReason,
  })
  Validations.of(fn).acknowledge({
    id: 'Serverless::Serverless-LambdaTracing',
    reason: 'The report of every invocation says what a trace would, and traces are billed.',
  })
  return fn
}

const BUNDLING: BundlingOptions = {
  format: OutputFormat.ESM,
  // The SDK's module builds are a third smaller than its CommonJS ones, and it is bundled so that it is the tested one.
  mainFields: ['module', 'main'],
  bundleAwsSDK: true,
  // The oldest Node that runs the bundles locally; Lambda's is newer.
  target: 'node20',
  minify: true,
  // Some dependencies of the SDK still call require.
  banner: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
}

function roleOf(scope: Construct, id: string, permissions: readonly Permission[]): Role {
  const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
  for (const { actions, resources, wildcardReason: reason } of permissions) {
    role.addToPolicy(new PolicyStatement({ effect: Effect.ALLOW, actions: [...actions], resources: [...resources] }))
    if (reason === undefined) continue
    for (const resource of resources) {
      const finding = `AwsSolutions::AwsSolutions-IAM5[Resource::${asFinding(Stack.of(scope).resolve(resource))}]`
      Validations.of(role).acknowledge({ id: finding, reason })
    }
  }
  return role
}

/** A resolved resource as the check names it: `<Bucket123.Arn>/prefix/*`. */
function asFinding(resource: string | { 'Fn::Join': [string, unknown[]] } | { 'Fn::GetAtt': string[] }): string {
  if (typeof resource === 'string') return resource
  if ('Fn::GetAtt' in resource) return `<${resource['Fn::GetAtt'].join('.')}>`
  const [separator, parts] = resource['Fn::Join']
  return parts.map((part) => asFinding(part as string)).join(separator)
}
