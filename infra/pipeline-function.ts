// One Lambda of the pipeline: its name, environment and permissions in, a bundled function with its own role and log out.

import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { AssetHashType, DockerImage, type Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import { bundleStep, ROOT, type Step } from './bundle.ts'

export interface Permission {
  readonly actions: readonly string[]
  readonly resources: readonly string[]
  /** Why a resource ends with a wildcard. */
  readonly wildcardReason?: string
}

export interface PipelineFunctionProps {
  /** Folder of its handler under `functions/`. */
  readonly step: Step
  readonly environment: Readonly<Record<string, string>>
  readonly timeout: Duration
  readonly memoryMb?: number
  readonly permissions: readonly Permission[]
  /** Why there is no dead-letter queue of its own. */
  readonly deadLetterReason: string
}

export function pipelineFunction(scope: Construct, id: string, props: PipelineFunctionProps): LambdaFunction {
  const logGroup = new LogGroup(scope, `${id}Log`, {
    retention: RetentionDays.ONE_MONTH,
    // It holds counts only.
    removalPolicy: RemovalPolicy.DESTROY,
  })
  const role = roleOf(scope, id, props.permissions)
  logGroup.grantWrite(role)
  const fn = new LambdaFunction(scope, id, {
    code: codeOf(props.step),
    handler: 'index.handler',
    // Pinned, not "latest", which would change under a running stack.
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: props.memoryMb ?? 512,
    timeout: props.timeout,
    environment: { ...props.environment },
    role,
    logGroup,
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

/** Not `NodejsFunction`, which makes one file: a folder has chunks, and a start reads only those that it needs. */
function codeOf(step: Step): Code {
  return Code.fromAsset(`${ROOT}functions/${step}`, {
    // Of what was made, so that code that stays the same is not deployed again.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never run: what is tried first throws, or makes the code.
      image: DockerImage.fromRegistry('none'),
      local: {
        tryBundle: (folder) => {
          bundleStep(step, folder)
          return true
        },
      },
    },
  })
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
