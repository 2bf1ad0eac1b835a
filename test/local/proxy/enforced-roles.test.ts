// Checks that a call that its function's role does not allow is refused and fails the run.

import { describe, expect, it } from 'vitest'
import type { FunctionProcess } from '../../../local/lambda/function-process.ts'
import { accessKeyId, type EnforcedRoles, enforceRoles } from '../../../local/proxy/enforced-roles.ts'
import type { JsonRequest, ObjectRequest } from '../../../local/proxy/needed-permissions.ts'
import { streamArn, tableArn } from '../../../local/template/arn.ts'
import type { FunctionSpec } from '../../../local/template/pipeline-spec.ts'
import { UserError } from '../../../terminal/user-error.ts'

const INGEST: FunctionSpec = {
  name: 'r1-Ingest',
  assetFolder: 'asset.abc',
  environment: {},
  timeoutMs: 1000,
  memoryMb: 512,
  statements: [
    { effect: 'Allow', actions: ['dynamodb:GetItem'], resources: [tableArn('Sessions')] },
    { effect: 'Allow', actions: ['s3:PutObject'], resources: ['arn:aws:s3:::dead-letters/rejected/*'] },
    { effect: 'Allow', actions: ['kinesis:GetRecords'], resources: [streamArn('Events')] },
  ],
}
const SWEEP: FunctionSpec = { ...INGEST, name: 'r1-Sweep', statements: [] }
const TITLES = new Map([
  ['r1-Ingest', 'Ingest'],
  ['r1-Sweep', 'Sweep'],
])
const GET: JsonRequest = { service: 'dynamodb', operation: 'GetItem', body: { TableName: 'Sessions' } }
const PUT: JsonRequest = { ...GET, operation: 'PutItem' }

function roles(): EnforcedRoles {
  return enforceRoles({ functions: [INGEST, SWEEP], titles: TITLES })
}

function object(key: string): ObjectRequest {
  return { service: 's3', method: 'PUT', host: '127.0.0.1', path: `/dead-letters/${key}` }
}

describe('a call', () => {
  it('checks a call against the role of the function that signed it', () => {
    expect(roles().refusal(accessKeyId('r1-Ingest'), GET)).toBeNull()
    expect(roles().refusal(accessKeyId('r1-Sweep'), GET)).not.toBeNull()
  })

  it('refuses a call that no function signed, and lets the run go on', async () => {
    const enforced = roles()
    const invoked = enforced.enforcedOn({ invoke: async () => 'done', stop: async () => {} })
    expect(enforced.refusal('', GET)?.status).toBe(400)
    expect(await invoked.invoke({})).toBe('done')
  })

  it('records each allowed permission once, with the resource pattern of the role', () => {
    const enforced = roles()
    for (let n = 0; n < 3; n++) enforced.refusal('r1Ingest', object(`rejected/${n}`))
    enforced.refusal('r1Ingest', GET)
    expect([...(enforced.calls().get('r1-Ingest') ?? [])]).toEqual([
      's3:PutObject on arn:aws:s3:::dead-letters/rejected/*',
      `dynamodb:GetItem on ${tableArn('Sessions')}`,
    ])
    expect(enforced.calls().get('r1-Sweep')?.size).toBe(0)
  })

  it('does not record a denied call', () => {
    const enforced = roles()
    enforced.refusal('r1Ingest', PUT)
    expect(enforced.calls().get('r1-Ingest')?.size).toBe(0)
  })
})

describe('a refusal', () => {
  it('answers a denied call to a JSON service with status 400', () => {
    const refusal = roles().refusal('r1Ingest', PUT)
    expect(refusal).toMatchObject({ status: 400, contentType: 'application/x-amz-json-1.0' })
    expect(JSON.parse(refusal?.body ?? '')).toEqual({
      __type: 'AccessDeniedException',
      message: `User: r1-Ingest is not authorized to perform: dynamodb:PutItem on resource: ${tableArn('Sessions')}`,
    })
  })

  it('answers a denied call to S3 with XML and status 403', () => {
    const refusal = roles().refusal('r1Ingest', object('a%3Cb%26c'))
    expect(refusal).toMatchObject({ status: 403, contentType: 'application/xml' })
    expect(refusal?.body).toContain(
      '<Error><Code>AccessDenied</Code><Message>User: r1-Ingest is not authorized to perform: s3:PutObject on resource: ' +
        'arn:aws:s3:::dead-letters/a&lt;b&amp;c</Message></Error>',
    )
  })
})

describe('a run', () => {
  it('fails the run with the first denied call', async () => {
    const enforced = roles()
    enforced.refusal('r1Ingest', PUT)
    enforced.refusal('r1Sweep', GET)
    await expect(enforced.denied).rejects.toThrow(UserError)
    await expect(enforced.denied).rejects.toThrow(/^Ingest may not dynamodb:PutItem on table Sessions: its role/)
  })

  it('fails the invocation of a denied call and all later ones', async () => {
    const enforced = roles()
    let invocations = 0
    const invoked: FunctionProcess = {
      invoke: async () => {
        invocations++
        if (invocations === 2) enforced.refusal('r1Ingest', PUT)
        return 'done'
      },
      stop: async () => {},
    }
    const { invoke } = enforced.enforcedOn(invoked)
    await expect(invoke({})).resolves.toBe('done')
    await expect(invoke({})).rejects.toThrow(UserError)
    await expect(invoke({})).rejects.toThrow(UserError)
    expect(invocations).toBe(2)
  })
})
