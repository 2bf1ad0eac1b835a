// Tests each bundle: its size at a start, the clients that it loads later, and that CDK deploys it.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Template } from 'aws-cdk-lib/assertions'
import { App } from 'aws-cdk-lib/core'
import type { Metafile } from 'esbuild'
import { afterAll, describe, expect, it } from 'vitest'
import { bundleSize, startModules } from '../../bench/speed/bundles.ts'
import { bundleStep, STEPS } from '../../infra/bundle.ts'
import { readSettings } from '../../infra/read-settings.ts'
import { SearchSessionCtrStack } from '../../infra/stack.ts'
import { resourcesOf } from '../support/synthesized-stack.ts'

/** Bytes are the same on every machine, unlike times. */
const START_BYTES_MAX = 400_000

const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-bundle-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const bundles = new Map<string, Metafile>()

/** Bundles each step once, into `folder/<step>`. */
function bundled(step: (typeof STEPS)[number]): Metafile {
  const made = bundles.get(step) ?? bundleStep(step, join(folder, step))
  bundles.set(step, made)
  return made
}

/** Returns the paths of the source files that went into the modules. */
function sources({ outputs }: Metafile, modules: readonly string[]): string {
  return modules.flatMap((path) => Object.keys(outputs[path]?.inputs ?? {})).join('\n')
}

function contents(folderPath: string): [name: string, text: string][] {
  return readdirSync(folderPath)
    .sort()
    .map((name) => [name, readFileSync(join(folderPath, name), 'utf8')])
}

describe('the code of a function', () => {
  it.each(STEPS)('a start of %s loads at most 400 KB', (step) => {
    const { startBytes, allBytes } = bundleSize(bundled(step))
    expect(startBytes).toBeGreaterThan(100_000)
    expect(startBytes).toBeLessThanOrEqual(START_BYTES_MAX)
    expect(allBytes).toBeGreaterThan(startBytes)
  })

  it.each(['client-s3', 'client-secrets-manager'])(
    'ingest bundles @aws-sdk/%s, but does not load it at a start',
    (client) => {
      const made = bundled('ingest')
      expect(sources(made, Object.keys(made.outputs))).toContain(`/@aws-sdk/${client}/`)
      expect(sources(made, startModules(made))).not.toContain(`/@aws-sdk/${client}/`)
    },
  )

  it('a bundle keeps every credential provider of the SDK', () => {
    const made = bundled('finalize')
    for (const provider of ['env', 'http', 'imds', 'ini', 'process', 'sso', 'web-identity']) {
      expect(sources(made, Object.keys(made.outputs))).toMatch(new RegExp(`/credential-provider-${provider}/`))
    }
  })

  it('bundling twice gives the same bytes', () => {
    bundled('ingest')
    bundleStep('ingest', join(folder, 'again'))
    expect(contents(join(folder, 'again'))).toEqual(contents(join(folder, 'ingest')))
  })

  it('CDK deploys the bundle of each function', () => {
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
      const step = name.toLowerCase() as (typeof STEPS)[number]
      bundled(step)
      expect(contents(join(outdir, assets[n] as string))).toEqual(contents(join(folder, step)))
    }
  })
})
