// Makes ARNs of the local account, and splits an ARN into its parts.

export const LOCAL_REGION = 'us-east-1'
export const LOCAL_ACCOUNT = '000000000000'

const REGION_AND_ACCOUNT = `${LOCAL_REGION}:${LOCAL_ACCOUNT}`

export function streamArn(name: string): string {
  return `arn:aws:kinesis:${REGION_AND_ACCOUNT}:stream/${name}`
}

export function tableArn(name: string): string {
  return `arn:aws:dynamodb:${REGION_AND_ACCOUNT}:table/${name}`
}

export function bucketArn(name: string): string {
  return `arn:aws:s3:::${name}`
}

/**
 * Secrets Manager ends a secret's ARN with six random characters, which the secret's name does not
 * have. `?` matches any one of them.
 */
export function secretArn(name: string): string {
  return `arn:aws:secretsmanager:${REGION_AND_ACCOUNT}:secret:${name}-??????`
}

const ARNS_BY_TYPE: Readonly<Record<string, (name: string) => string>> = {
  'AWS::Kinesis::Stream': streamArn,
  'AWS::DynamoDB::Table': tableArn,
  'AWS::DynamoDB::GlobalTable': tableArn,
  'AWS::S3::Bucket': bucketArn,
  'AWS::SecretsManager::Secret': secretArn,
  'AWS::Logs::LogGroup': (name) => `arn:aws:logs:${REGION_AND_ACCOUNT}:log-group:${name}:*`,
  'AWS::Lambda::Function': (name) => `arn:aws:lambda:${REGION_AND_ACCOUNT}:function:${name}`,
}

/** @param type CloudFormation's name of the type, such as `AWS::Kinesis::Stream`. */
export function arnOf(type: string, name: string): string {
  const [, service = '', kind = ''] = type.toLowerCase().split('::')
  return ARNS_BY_TYPE[type]?.(name) ?? `arn:aws:${service}:${REGION_AND_ACCOUNT}:${kind}/${name}`
}

const ARN = /^arn:[^:]*:(?<service>[^:]+):(?<region>[^:]*):(?<account>[^:]*):(?<resource>.+)$/s

/** Moves an ARN of any account to the local one. Returns any other text as it is. */
export function localArn(text: string): string {
  const { service, region, account, resource } = ARN.exec(text)?.groups ?? {}
  if (service === undefined) return text
  return `arn:aws:${service}:${region && LOCAL_REGION}:${account && LOCAL_ACCOUNT}:${resource}`
}

export interface NamedResource {
  readonly service: string
  /** `stream`, `table`, `bucket` ... */
  readonly kind: string
  readonly name: string
  /** `index/due` of a table, or an object's key. Empty for the whole resource. */
  readonly part: string
}

/** Returns null if the text is no ARN. */
export function readArn(text: string): NamedResource | null {
  const { service, resource } = ARN.exec(text)?.groups ?? {}
  if (service === undefined || resource === undefined) return null
  const named = /^(?:(?<kind>[^:/]+)[:/])?(?<name>[^:/]+)(?:[:/](?<part>.*))?$/s
  const inBucket = /^(?<name>[^/]+)(?:\/(?<part>.*))?$/s
  const pattern = service === 's3' ? inBucket : named
  const { kind = 'bucket', name = resource, part = '' } = pattern.exec(resource)?.groups ?? {}
  return { service, kind, name, part }
}
