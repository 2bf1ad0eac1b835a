// The code of the functions: each step bundled in; what a start reads, what it leaves for later, and what is deployed out.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Template } from 'aws-cdk-lib/assertions'
import { App } from 'aws-cdk-lib/core'
import type { Metafile } from 'esbuild'
import { afterAll, describe, expect, it } from 'vitest'
import { bundleSize, STEPS, startModules } from '../../bench/bundles.ts'
import { bundleStep } from '../../infra/bundle.ts'
import { readSettings } from '../../infra/settings.ts'
import { SearchSessionCtrStack } from '../../infra/stack.ts'
import { resourcesOf } from '../support/synthesized-stack.ts'

/** Bytes are the same on every machine, unlike times. */
const START_BYTES_MAX = 400_000

const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-bundle-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Of modules, the files that went into them. */
function sources({ outputs }: Metafile, modules: readonly string[]): string {
  return modules.flatMap((path) => Object.keys(outputs[path]?.inputs ?? {})).join('\n')
}

function contents(of: string): [name: string, text: string][] {
  return readdirSync(of)
    .sort()
    .map((name) => [name, readFileSync(join(of, name), 'utf8')])
}

describe('the code of a function', () => {
  it.each(STEPS)('reads at most 400 KB at a start: %s', (step) => {
    const { startBytes, allBytes } = bundleSize(bundleStep(step, join(folder, step)))
    expect(startBytes).toBeGreaterThan(100_000)
    expect(startBytes).toBeLessThanOrEqual(START_BYTES_MAX)
    expect(allBytes).toBeGreaterThan(startBytes)
  })

  it.each(['client-s3', 'client-secrets-manager'])('of ingest has @aws-sdk/%s, and no start reads it', (client) => {
    const made = bundleStep('ingest', join(folder, 'late'))
    expect(sources(made, Object.keys(made.outputs))).toContain(`/@aws-sdk/${client}/`)
    expect(sources(made, startModules(made))).not.toContain(`/@aws-sdk/${client}/`)
  })

  it('keeps every way to credentials that the SDK has', () => {
    const made = bundleStep('finalize', join(folder, 'credentials'))
    for (const provider of ['env', 'http', 'imds', 'ini', 'process', 'sso', 'web-identity']) {
      expect(sources(made, Object.keys(made.outputs))).toMatch(new RegExp(`/credential-provider-${provider}/`))
    }
  })

  it('is the same whenever it is made', () => {
    const [first, second] = [join(folder, 'first'), join(folder, 'second')]
    bundleStep('ingest', first)
    bundleStep('ingest', second)
    expect(contents(second)).toEqual(contents(first))
  })

  it('is deployed as made, for each function its own', () => {
    const outdir = join(folder, 'synthesized')
    const app = new App({ outdir, context: { 'aws:cdk:enable-asset-metadata': true } })
    const functions = resourcesOf(
      Template.fromStack(new SearchSessionCtrStack(app, 'Bundled', readSettings({}))),
      'AWS::Lambda::Function',
    )
    const assets = functions.map(({ Metadata }) => Metadata?.['aws:asset:path'] as string)
    expect(new Set(assets).size).toBe(STEPS.length)
    for (const [n, { name, Properties }] of functions.entries()) {
      expect(Properties.Handler).toBe('index.handler')
      const made = join(folder, `deployed-${name}`)
      bundleStep(name.toLowerCase() as (typeof STEPS)[number], made)
      expect(contents(join(outdir, assets[n] as string))).toEqual(contents(made))
    }
  })
})
