// Checks that commands find their pipeline, and that errors become sentences that say what to do.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { mockClient } from 'aws-sdk-client-mock'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { missingProfileText } from '../../../cli/target/aws-profile.ts'
import { failureText } from '../../../cli/target/failure-text.ts'
import { checkHasRollups, openTarget } from '../../../cli/target/target.ts'
import { SettingError } from '../../../infra/setting-kinds.ts'
import {
  checkRunningPath,
  type RunningPipeline,
  readRunningPipeline,
  writeRunningPipeline,
} from '../../../local/run/running-pipeline.ts'
import { UserError } from '../../../terminal/user-error.ts'
import { OUTPUTS as STACK_OUTPUTS } from '../../support/stack-outputs.ts'
import { objectsIn, typed, typedInProcess } from '../../support/typed.ts'

const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-target-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const OUTPUTS = {
  ...STACK_OUTPUTS,
  StreamArn: 'arn:aws:kinesis:eu-west-1:123456789012:stream/the-stream',
}

const mocked = mockClient(CloudFormationClient)
beforeEach(() => mocked.reset())
afterAll(() => mocked.restore())

const ON_AWS = { stack: 'SearchSessionCtr', region: 'eu-west-1' }

function answerWith(outputs: Readonly<Record<string, string>>): void {
  const listed = Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }))
  const stack = { StackName: ON_AWS.stack, StackStatus: 'CREATE_COMPLETE', CreationTime: new Date(0), Outputs: listed }
  mocked.on(DescribeStacksCommand).resolves({ Stacks: [stack as never] })
}

describe('a stack', () => {
  it('a stack names the stream, tables and functions by its outputs', async () => {
    answerWith(OUTPUTS)
    const target = await openTarget(ON_AWS, folder)
    expect(target).toMatchObject({
      title: 'stack SearchSessionCtr in eu-west-1',
      outputs: OUTPUTS,
      runningPipeline: null,
    })
    expect(target.streamId).toBe(OUTPUTS.StreamArn)
    for (const client of Object.values(target.clients)) expect(await client.config.region()).toBe('eu-west-1')
  })

  it('a stack without rollups is found, and commands that need sums refuse it with the reason', async () => {
    const { RollupFunctionName: _, ...outputs } = OUTPUTS
    answerWith(outputs)
    const target = await openTarget(ON_AWS, folder)
    expect(target.outputs.RollupFunctionName).toBeUndefined()
    expect(() => checkHasRollups(target)).toThrow(/stack SearchSessionCtr .*rollups: off.*results --user ID/)
    expect(() => checkHasRollups({ ...target, outputs: OUTPUTS })).not.toThrow()
  })

  it('a missing stack, or a stack of another project, is reported with what to do', async () => {
    mocked.on(DescribeStacksCommand).rejects(Object.assign(new Error('does not exist'), { name: 'ValidationError' }))
    await expect(openTarget(ON_AWS, folder)).rejects.toThrow(
      /^There is no stack SearchSessionCtr in eu-west-1: deploy it/,
    )
    const { SweepFunctionName: _, ...others } = OUTPUTS
    answerWith(others)
    await expect(openTarget(ON_AWS, folder)).rejects.toThrow(/^The output SweepFunctionName is missing in stack/)
  })
})

describe('a local run', () => {
  const run: RunningPipeline = {
    pid: process.pid,
    startedAt: '2026-03-02T09:00:00.000Z',
    endpoints: {
      kinesis: 'http://127.0.0.1:1',
      dynamodb: 'http://127.0.0.1:2',
      s3: 'http://127.0.0.1:3',
      lambda: 'http://127.0.0.1:4',
      secrets: 'http://127.0.0.1:5',
    },
    outputs: OUTPUTS,
    environments: {},
  }

  it('a local run is found by its file or folder until it ends', async () => {
    const forget = await writeRunningPipeline(folder, run)
    expect(await readRunningPipeline(join(folder, 'local.json'))).toEqual(run)
    const target = await openTarget({ stack: 'unused', local: folder }, folder)
    expect(target).toMatchObject({ title: 'the local run', outputs: OUTPUTS, runningPipeline: run, stack: null })
    expect(await target.clients.lambda.config.endpoint?.()).toMatchObject({ hostname: '127.0.0.1', port: 4 })
    for (const client of Object.values(target.clients)) {
      const { requestHandler } = client.config
      // Resolved with the first request.
      await requestHandler.handle({} as never).catch(() => {})
      expect(requestHandler.httpHandlerConfigs()).toMatchObject({
        throwOnRequestTimeout: true,
        connectionTimeout: 5000,
      })
    }
    await expect(checkRunningPath(folder)).rejects.toThrow(`belongs to another run (process ${process.pid})`)
    await forget()
    await expect(readRunningPipeline(folder)).rejects.toThrow(/there is no local run; start one with/)
    await checkRunningPath(folder)
  })

  it('a local run that ends leaves the file of another run', async () => {
    const forget = await writeRunningPipeline(folder, run)
    await writeRunningPipeline(folder, { ...run, startedAt: '2026-03-02T10:00:00.000Z' })
    await forget()
    expect(await readRunningPipeline(folder)).toMatchObject({ startedAt: '2026-03-02T10:00:00.000Z' })
  })

  it('an ended run, or a file of something else, is reported in a sentence', async () => {
    // No process has this number.
    await writeRunningPipeline(folder, { ...run, pid: 2 ** 22 + 1 })
    await expect(readRunningPipeline(folder)).rejects.toThrow('has ended; start one with')
    await checkRunningPath(folder)
    writeFileSync(join(folder, 'other.json'), '{}')
    await expect(readRunningPipeline(join(folder, 'other.json'))).rejects.toThrow('is not the file of a local run')
  })
})

describe('an AWS profile', () => {
  const config = join(folder, 'config')
  writeFileSync(config, '[default]\n[profile one]\nregion = x\n [ profile "two words" ]\n[sso-session three]\n')
  const credentials = join(folder, 'credentials')
  writeFileSync(credentials, '[four]\naws_access_key_id = x\n')
  const env = { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: credentials }

  it.each(['default', 'one', 'two words', 'four'])('the profile %j is found', (profile) => {
    expect(missingProfileText(profile, env)).toBe(null)
  })

  it('a missing profile is reported with those that are there', () => {
    for (const profile of ['three', 'on', 'fourth'])
      expect(missingProfileText(profile, env)).toBe(
        `There is no AWS profile '${profile}' in ${config} or ${credentials}: yours are default, one, two words, four.`,
      )
  })

  it('a profile without any AWS configuration is reported with how to make one', () => {
    const none = { AWS_CONFIG_FILE: join(folder, 'none'), AWS_SHARED_CREDENTIALS_FILE: join(folder, 'no') }
    expect(missingProfileText('one', none)).toMatch(/ can be read\. 'aws configure --profile one' makes one\.$/)
  })

  it('a mistyped --profile ends the command before the SDK finds other credentials', async () => {
    const { status, stderr } = await typed(['results', '--user', 'ann', '--profile', 'nope'], folder)
    expect([status, stderr]).toEqual([1, expect.stringContaining("There is no AWS profile 'nope'")])
  })

  it.each([
    ['CredentialsProviderError', 'Could not load credentials from any providers', 'nope', 'There is no AWS profile'],
    ['Error', 'Region is missing', 'nope', 'There is no AWS profile'],
    ['Error', 'Region is missing', 'one', "The AWS profile 'one' has no region: give --region"],
    ['CredentialsProviderError', 'No token', 'one', "'aws sts get-caller-identity --profile one' shows why"],
    ['TokenProviderError', 'Token is expired', 'one', "sign in again with 'aws sso login --profile one'"],
  ])('%s (%s) with AWS_PROFILE=%s is put in words', (name, message, profile, sentence) => {
    const failure = named(name, message)
    expect(failureText(failure, { env: { ...env, AWS_PROFILE: profile } })).toContain(sentence)
    expect(failureText(failure, { env, profile })).toContain(sentence)
  })
})

function named(name: string, message: string, code?: string): Error {
  return Object.assign(new Error(message), { name, ...(code !== undefined && { code }) })
}

function fileError(code: string, path?: string): Error {
  return Object.assign(new Error(code), { code, ...(path !== undefined && { path }) })
}

describe('a failure', () => {
  it.each([
    [
      named('CredentialsProviderError', 'Could not load credentials from any providers'),
      'There are no AWS credentials',
    ],
    [named('TokenProviderError', 'Token is expired. To refresh run aws sso login'), 'The AWS session has expired'],
    [
      named('ExpiredTokenException', 'The security token included in the request is expired'),
      'The AWS session has expired',
    ],
    [named('UnrecognizedClientException', 'The security token is invalid'), 'AWS does not know these credentials'],
    [named('Error', 'Region is missing'), 'No AWS region is set: give --region'],
    [named('AccessDeniedException', 'User is not authorized to perform: x'), 'These credentials lack a permission'],
    [
      named('Error', 'connect ECONNREFUSED 127.0.0.1:9', 'ECONNREFUSED'),
      'There is no answer from AWS (connect ECONNREFUSED 127.0.0.1:9)',
    ],
    [
      new Error('not taken', { cause: named('AccessDeniedException', 'no') }),
      'These credentials lack a permission: no',
    ],
    [new Error('not taken', { cause: new Error('why') }), 'Failed: not taken: why (DEBUG=1 adds a stack trace)'],
    [fileError('EACCES', '/log'), '/log: this user lacks the permission.'],
    [fileError('ENOSPC'), 'A file cannot be written: no space is left.'],
    [fileError('EACCES'), 'Failed: EACCES'],
    [fileError('ENOENT', '/tmp/none/x'), '/tmp/none/x: there is no such file or folder.'],
    [Object.assign(fileError('ENOENT', 'npx'), { syscall: 'spawn npx' }), 'Failed: ENOENT'],
    [new UserError('a sentence'), 'a sentence'],
    [new SettingError('setting gap: no'), 'setting gap: no'],
    [named('Error', 'something else'), 'Failed: something else (DEBUG=1 adds a stack trace)'],
  ])('the error becomes one sentence: %s', (error, sentence) => {
    expect(failureText(error)).toContain(sentence)
    expect(failureText(error)).not.toContain('\n')
  })

  it('a service that does not answer is named as the user knows it', () => {
    const refused = named('Error', 'connect ECONNREFUSED', 'ECONNREFUSED')
    expect(failureText(refused, { services: 'aws' })).not.toMatch(/local/)
    expect(failureText(refused, { services: 'local-run' })).toMatch(/'search-session-ctr local --keep'/)
    expect(failureText(refused, { services: 'local-run' })).not.toMatch(/AWS|region/)
    expect(failureText(refused, { services: 'emulators' })).toMatch(/KINESIS_ENDPOINT/)
  })

  it('missing credentials or a missing region are reported in a sentence', async () => {
    const without = await typedInProcess(['results', '--user', 'ann', '--region', 'eu-west-1'], folder)
    expect(without).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^There are no AWS credentials.*\n$/),
    })
    const nowhere = await typedInProcess(['drain'], folder, '', { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' })
    expect(nowhere).toMatchObject({ status: 1, stderr: expect.stringMatching(/^No AWS region is set.*\n$/) })
    const doctor = await typed(['doctor', '--region', 'eu-west-1', '--json'], folder)
    expect(doctor.status).toBe(3)
    expect(objectsIn(doctor.stdout).at(-1)).toMatchObject({ check: 'credentials', status: 'wrong' })
  })
})
