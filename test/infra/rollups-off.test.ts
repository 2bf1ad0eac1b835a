// Tests by the synthesized template that `rollups: off` leaves out all that sums rows.

import type { Template } from 'aws-cdk-lib/assertions'
import { beforeAll, expect, it } from 'vitest'
import { type FoundResource, resource, resourcesOf, synthesizedTemplate } from '../support/synthesized-stack.ts'

let off: Template
let on: Template

beforeAll(() => {
  off = synthesizedTemplate({ rollups: 'off' })
  on = synthesizedTemplate()
})

function names(template: Template, type: string): string[] {
  return resourcesOf(template, type).map(({ name }: FoundResource) => name)
}

it('without rollups the stack lacks the function, its role, log and schedule, and nothing else', () => {
  const types = [
    'AWS::Lambda::Function',
    'AWS::IAM::Role',
    'AWS::Logs::LogGroup',
    'AWS::Events::Rule',
    'AWS::DynamoDB::GlobalTable',
    'AWS::Lambda::EventSourceMapping',
  ]
  const left = types.flatMap((type) => {
    const found = names(off, type)
    return names(on, type).filter((name) => !found.includes(name))
  })
  expect(left).toEqual(['Rollup', 'RollupRole', 'RollupLog', 'RollupSchedule'])
})

it('without rollups no alarm watches them, and all others stay', () => {
  const found = names(off, 'AWS::CloudWatch::Alarm')
  const left = names(on, 'AWS::CloudWatch::Alarm').filter((name) => !found.includes(name))
  expect(left.sort()).toEqual(['RollupBacklog', 'RollupFailing', 'RollupMissing'])
})

it('without rollups finalize leaves rows out of the index, and the stack has no output of a rollup function', () => {
  expect(resource(off, 'AWS::Lambda::Function', 'Finalize').Properties.Environment.Variables.ROLLUPS).toBe('off')
  expect(resource(on, 'AWS::Lambda::Function', 'Finalize').Properties.Environment.Variables.ROLLUPS).toBe('on')
  expect(Object.keys(off.findOutputs('*'))).not.toContain('RollupFunctionName')
})
