// Stands for CloudFormation: the local run reads the same template that a deployment would send.

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>
}

export interface Resource {
  readonly Type: string
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation types a template loosely
  readonly Properties: any
  readonly Metadata?: Readonly<Record<string, unknown>>
}
