// Deploys the synthesized template to MiniStack, as `cdk deploy` does to AWS.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import {
  CloudFormationClient,
  CreateStackCommand,
  type CreateStackCommandInput,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation'
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { LOCAL_CONFIG, localClients } from '../../local/emulators/clients.ts'
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../../local/template/arn.ts'
import type { SynthesizedApp } from '../../local/template/synthesized-app.ts'
import type { Template } from '../../local/template/template.ts'
import { pythonPrograms } from '../../tools/conformance/python-environment.ts'

/** The template needs these two resources, which `cdk bootstrap` creates. */
const ASSETS_BUCKET = `cdk-hnb659fds-assets-${LOCAL_ACCOUNT}-${LOCAL_REGION}`
const BOOTSTRAP = {
  Resources: {
    Version: {
      Type: 'AWS::SSM::Parameter',
      Properties: { Name: '/cdk-bootstrap/hnb659fds/version', Type: 'String', Value: '30' },
    },
    Assets: { Type: 'AWS::S3::Bucket', Properties: { BucketName: ASSETS_BUCKET } },
  },
}

const POLL_MS = 200

export interface Deployment {
  readonly status: string
  readonly outputs: Readonly<Record<string, string>>
  /** Why resources could not be created. */
  readonly failures: readonly string[]
}

export interface Deployer {
  deploy(stack: string, template: Template): Promise<Deployment>
  close(): void
}

/** Creates what `cdk bootstrap` would, and uploads the functions' bundles. */
export async function bootstrappedDeployer(endpoint: string, app: SynthesizedApp): Promise<Deployer> {
  const cloudFormation = new CloudFormationClient({ ...LOCAL_CONFIG, endpoint })
  const clients = localClients({ kinesis: endpoint, dynamodb: endpoint, s3: endpoint })
  const created = await createStack(cloudFormation, 'CDKToolkit', { TemplateBody: JSON.stringify(BOOTSTRAP) })
  if (created.status !== 'CREATE_COMPLETE') throw new Error(created.failures.join('\n'))
  await uploadBundles(clients.s3, app.folder)
  return {
    deploy: async (stack, template) => {
      // The template is larger than a request may be, so the CDK uploads it too.
      const key = `${stack}.json`
      await clients.s3.send(new PutObjectCommand({ Bucket: ASSETS_BUCKET, Key: key, Body: JSON.stringify(template) }))
      return createStack(cloudFormation, stack, { TemplateURL: `${endpoint}/${ASSETS_BUCKET}/${key}` })
    },
    close: () => {
      cloudFormation.destroy()
      clients.close()
    },
  }
}

async function uploadBundles(s3: S3Client, appFolder: string): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'search-session-ctr-bundles-'))
  try {
    for (const asset of readdirSync(appFolder).filter((name) => name.startsWith('asset.'))) {
      const folder = join(appFolder, asset)
      const zip = join(scratch, `${asset}.zip`)
      const entries = readdirSync(folder).map((name) => join(folder, name))
      execFileSync(join(pythonPrograms(), 'python'), ['-m', 'zipfile', '-c', zip, ...entries])
      const key = `${asset.slice('asset.'.length)}.zip`
      await s3.send(new PutObjectCommand({ Bucket: ASSETS_BUCKET, Key: key, Body: readFileSync(zip) }))
    }
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

async function createStack(
  client: CloudFormationClient,
  name: string,
  source: Pick<CreateStackCommandInput, 'TemplateBody' | 'TemplateURL'>,
): Promise<Deployment> {
  await client.send(new CreateStackCommand({ StackName: name, ...source, Capabilities: ['CAPABILITY_IAM'] }))
  for (;;) {
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: name }))
    const status = stack?.StackStatus ?? 'UNKNOWN'
    // A failed creation goes on with its rollback.
    if (!/_IN_PROGRESS$/.test(status) && status !== 'CREATE_FAILED') {
      const outputs = (stack?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue])
      return { status, outputs: Object.fromEntries(outputs), failures: await failuresOf(client, name) }
    }
    await wait(POLL_MS)
  }
}

async function failuresOf(client: CloudFormationClient, name: string): Promise<string[]> {
  const { StackEvents: events = [] } = await client.send(new DescribeStackEventsCommand({ StackName: name }))
  return events
    .filter(({ ResourceStatus }) => ResourceStatus === 'CREATE_FAILED')
    .map(({ LogicalResourceId, ResourceStatusReason }) => `${LogicalResourceId}: ${ResourceStatusReason}`)
}
