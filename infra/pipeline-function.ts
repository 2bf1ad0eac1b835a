// Creates one Lambda function of the pipeline with its bundle, its own role and its own log.

import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { AssetHashType, DockerImage, type Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import { ROOT, type Step, writeBundle } from './bundle.ts'

export interface Permission {
  readonly actions: readonly string[]
  readonly resources: readonly string[]
  /** Why the resources end with a wildcard. The security check records it. */
  readonly wildcardReason?: string
  /** The service through which alone the role may use a key: it may not call KMS itself. */
  readonly viaService?: 'dynamodb' | 'kinesis' | 's3' | 'secretsmanager'
}

export interface PipelineFunctionProps {
  /** The handler's folder under `functions/`. */
  readonly step: Step
  readonly environment: Readonly<Record<string, string>>
  readonly timeout: Duration
  readonly memoryMb: number
  readonly permissions: readonly Permission[]
  /** Why the function has no dead-letter queue. The security check records it. */
  readonly deadLetterReason: string
}

export function pipelineFunction(scope: Construct, id: string, props: PipelineFunctionProps): LambdaFunction {
  const logGroup = new LogGroup(scope, `${id}Log`, {
    retention: RetentionDays.ONE_MONTH,
    // A log holds only counts, which have no use without the stack.
    removalPolicy: RemovalPolicy.DESTROY,
  })
  const role = roleOf(scope, id, props.permissions)
  logGroup.grantWrite(role)
  const fn = new LambdaFunction(scope, id, {
    code: codeOf(props.step),
    handler: 'index.handler',
    // Pinned: CDK's "latest" would change a running stack.
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: props.memoryMb,
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
    reason: 'Every invocation logs a report of its work. AWS bills traces, and they would add little.',
  })
  return fn
}

/**
 * Bundles into a folder of chunks, so that a start loads only those that it needs.
 * `NodejsFunction` would write a single file.
 */
function codeOf(step: Step): Code {
  return Code.fromAsset(`${ROOT}functions/${step}`, {
    // CDK hashes the output, so that it does not deploy unchanged code again.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // CDK never runs the image, because `tryBundle` either bundles or throws.
      image: DockerImage.fromRegistry('none'),
      local: {
        tryBundle: (folder) => {
          writeBundle(step, folder)
          return true
        },
      },
    },
  })
}

function roleOf(scope: Construct, id: string, permissions: readonly Permission[]): Role {
  const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
  const { region, urlSuffix } = Stack.of(scope)
  for (const { actions, resources, viaService, wildcardReason: reason } of permissions) {
    const conditions =
      viaService === undefined ? {} : { StringEquals: { 'kms:ViaService': `${viaService}.${region}.${urlSuffix}` } }
    role.addToPolicy(
      new PolicyStatement({ effect: Effect.ALLOW, actions: [...actions], resources: [...resources], conditions }),
    )
    if (reason === undefined) continue
    for (const resource of resources) {
      const finding = `AwsSolutions::AwsSolutions-IAM5[Resource::${asFinding(Stack.of(scope).resolve(resource))}]`
      Validations.of(role).acknowledge({ id: finding, reason })
    }
  }
  return role
}

/** Writes a resolved resource as the check names it: `<Bucket123.Arn>/prefix/*`. */
function asFinding(resource: string | { 'Fn::Join': [string, unknown[]] } | { 'Fn::GetAtt': string[] }): string {
  if (typeof resource === 'string') return resource
  if ('Fn::GetAtt' in resource) return `<${resource['Fn::GetAtt'].join('.')}>`
  const [separator, parts] = resource['Fn::Join']
  return parts.map((part) => asFinding(part as string)).join(separator)
}
