// ARNs of what runs locally: names in, texts that a policy and a request can be compared by out, and names again.

export const LOCAL_REGION = 'us-east-1'
export const LOCAL_ACCOUNT = '000000000000'

const OF_ACCOUNT = `${LOCAL_REGION}:${LOCAL_ACCOUNT}`

export function streamArn(name: string): string {
  return `arn:aws:kinesis:${OF_ACCOUNT}:stream/${name}`
}

export function tableArn(name: string): string {
  return `arn:aws:dynamodb:${OF_ACCOUNT}:table/${name}`
}

export function bucketArn(name: string): string {
  return `arn:aws:s3:::${name}`
}

/** Six characters that nobody chose end a secret's ARN; who names the secret does not say them. */
export function secretArn(name: string): string {
  return `arn:aws:secretsmanager:${OF_ACCOUNT}:secret:${name}-??????`
}

const ARNS_BY_TYPE: Readonly<Record<string, (name: string) => string>> = {
  'AWS::Kinesis::Stream': streamArn,
  'AWS::DynamoDB::Table': tableArn,
  'AWS::DynamoDB::GlobalTable': tableArn,
  'AWS::S3::Bucket': bucketArn,
  'AWS::SecretsManager::Secret': secretArn,
  'AWS::Logs::LogGroup': (name) => `arn:aws:logs:${OF_ACCOUNT}:log-group:${name}:*`,
  'AWS::Lambda::Function': (name) => `arn:aws:lambda:${OF_ACCOUNT}:function:${name}`,
}

/** @param type as CloudFormation names it, as `AWS::Kinesis::Stream`. */
export function arnOf(type: string, name: string): string {
  const [, service = '', kind = ''] = type.toLowerCase().split('::')
  return ARNS_BY_TYPE[type]?.(name) ?? `arn:aws:${service}:${OF_ACCOUNT}:${kind}/${name}`
}

const ARN = /^arn:[^:]*:(?<service>[^:]+):(?<region>[^:]*):(?<account>[^:]*):(?<what>.+)$/s

/** An ARN of any account as if it were of the local one; any other text as it is. */
export function localArn(text: string): string {
  const { service, region, account, what } = ARN.exec(text)?.groups ?? {}
  if (service === undefined) return text
  return `arn:aws:${service}:${region && LOCAL_REGION}:${account && LOCAL_ACCOUNT}:${what}`
}

export interface NamedResource {
  readonly service: string
  /** `stream`, `table`, `bucket` ... */
  readonly kind: string
  readonly name: string
  /** What of it: `index/due`, an object's key; empty for all of it. */
  readonly part: string
}

/** Null for what is no ARN. */
export function readArn(text: string): NamedResource | null {
  const { service, what } = ARN.exec(text)?.groups ?? {}
  if (service === undefined || what === undefined) return null
  const found = /^(?:(?<kind>[^:/]+)[:/])?(?<name>[^:/]+)(?:[:/](?<part>.*))?$/s
  const inBucket = /^(?<name>[^/]+)(?:\/(?<part>.*))?$/s
  const { kind = 'bucket', name = what, part = '' } = (service === 's3' ? inBucket : found).exec(what)?.groups ?? {}
  return { service, kind, name, part }
}
