// Checks what a person may answer when a command asks whether it may go on.

import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { afterAll, describe, expect, it } from 'vitest'
import { isConfirmed, isWanted } from '../../../cli/commands/confirmation.ts'
import { runCommand } from '../../../cli/program.ts'
import { EXIT } from '../../../terminal/exit-codes.ts'
import { InterruptedError } from '../../../terminal/user-error.ts'
import { OUTPUTS } from '../../support/stack-outputs.ts'
import { terminalWith, testTerminal } from '../../support/typed.ts'

const [CTRL_C, CTRL_D] = ['\u0003', '\u0004']

describe('a question', () => {
  const answer = (keys: string): Promise<boolean> => isConfirmed('Go on?', terminalWith(keys, /\[y\/N\] /))

  it.each([
    ['y\r', true],
    ['Yes\r', true],
    ['\r', false],
    ['n\r', false],
    ['yesterday\r', false],
    [CTRL_D, false],
  ])('a question takes %j as %j', async (keys, expected) => {
    expect(await answer(keys)).toBe(expected)
  })

  it.each([
    ['\r', true],
    ['y\r', true],
    ['n\r', false],
    ['q\r', false],
    [CTRL_C, false],
    [CTRL_D, false],
  ])('an offer takes %j as %j', async (keys, expected) => {
    expect(await isWanted('Watch?', terminalWith(keys, /\[Y\/n\] /))).toBe(expected)
  })

  it('an offer is declined without a terminal', async () => {
    expect(await isWanted('Watch?', testTerminal())).toBe(false)
  })

  it('a question throws at Ctrl-C, also in the middle of an answer', async () => {
    await expect(answer(CTRL_C)).rejects.toThrow(InterruptedError)
    await expect(answer(`ye${CTRL_C}`)).rejects.toThrow(InterruptedError)
  })

  it('without a terminal, a command does not ask', async () => {
    expect(await isConfirmed('Go on?', testTerminal())).toBe(true)
  })
})

describe('a command that asks', () => {
  const [stacks, tables] = [mockClient(CloudFormationClient), mockClient(DynamoDBDocumentClient)]
  const outputs = Object.entries(OUTPUTS).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }))
  stacks.on(DescribeStacksCommand).resolves({ Stacks: [{ Outputs: outputs } as never] })
  tables.on(DescribeTableCommand).resolves({ Table: { TableSizeBytes: 4096 } })
  afterAll(() => {
    stacks.restore()
    tables.restore()
  })

  it.each([
    [CTRL_C, EXIT.interrupted, 'Interrupted: nothing was done.'],
    [CTRL_D, EXIT.failed, 'Nothing was written.'],
    ['n\r', EXIT.failed, 'Nothing was written.'],
  ])('a command that asks, and gets %j, ends with exit code %i', async (keys, code, sentence) => {
    const terminal = terminalWith(keys, /\[y\/N\] /)
    const args = ['refinalize', '--day', '2026-03-02', '--region', 'eu-west-1']
    expect(await runCommand(args, terminal)).toBe(code)
    expect(terminal.printed().endsWith(`${sentence}\n`)).toBe(true)
  })
})
