// The environment in; what of the pages' tools this machine lacks, and the environment that a reader would have, out.

import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Missing } from './follow-page.ts'

/** Tools that the pages use beside Node: what calls them, and what tells that they are there. */
const TOOLS = [
  { calls: /\baws [a-z]/, name: 'version 2 of the AWS CLI', probe: ['aws', '--version'], says: /^aws-cli\/2\./ },
  { calls: /\bjq\b/, name: 'jq', probe: ['jq', '--version'], says: /^jq/ },
] as const

const INSTALLS = /^npm ci$/m

/** @param installs whether the folder gets a node_modules of its own. */
export function missingOn(env: NodeJS.ProcessEnv, { installs }: { readonly installs: boolean }): Missing {
  const lacking = TOOLS.filter(({ probe: [tool, option], says }) => {
    const { stdout, stderr } = spawnSync(tool, [option], { encoding: 'utf8', env })
    return !says.test(stdout ?? '') && !says.test(stderr ?? '')
  })
  return (command) => {
    if (INSTALLS.test(command) && !installs) return 'node_modules are those of the checkout; --clone installs them'
    const tool = lacking.find(({ calls }) => calls.test(command))
    return tool === undefined ? null : `there is no ${tool.name}`
  }
}

/**
 * Without what this machine has configured: no AWS account, no colours, and no remarks of npm on its own configuration.
 * `search-ctr` is what the pages call `npx search-ctr` for short.
 */
export function readerEnvironment(env: NodeJS.ProcessEnv, scratch: string, work: string): NodeJS.ProcessEnv {
  const own = Object.entries(env).filter(
    ([name]) =>
      !/^(AWS_|npm_(lifecycle|package|command|config_local_prefix)|INIT_CWD|FORCE_COLOR|DEBUG|VITEST)/.test(name),
  )
  const bin = join(scratch, 'bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'search-ctr'), `#!/bin/sh\nexec node '${work}/cli/search-ctr.mjs' "$@"\n`, { mode: 0o755 })
  return {
    ...Object.fromEntries(own),
    PATH: [bin, env.PATH].join(delimiter),
    NO_COLOR: '1',
    npm_config_loglevel: 'error',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  }
}
