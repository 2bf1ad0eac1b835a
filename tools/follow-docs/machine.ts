// Finds the tools of the pages that this machine lacks, and makes the environment of a reader.

import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Missing } from './follow-page.ts'

/** Tools that the pages use beside Node. A tool is there if its probe prints the answer. */
const TOOLS = [
  { calls: /\baws [a-z]/, name: 'version 2 of the AWS CLI', probe: ['aws', '--version'], answer: /^aws-cli\/2\./ },
  { calls: /\bjq\b/, name: 'jq', probe: ['jq', '--version'], answer: /^jq/ },
] as const

const INSTALLS = /^npm ci$/m

/** @param installs true where the folder gets a node_modules of its own. */
export function missingOn(env: NodeJS.ProcessEnv, { installs }: { readonly installs: boolean }): Missing {
  const lacking = TOOLS.filter(({ probe: [tool, option], answer }) => {
    const { stdout, stderr } = spawnSync(tool, [option], { encoding: 'utf8', env })
    return !answer.test(stdout ?? '') && !answer.test(stderr ?? '')
  })
  return (command) => {
    if (INSTALLS.test(command) && !installs) return 'node_modules are those of the checkout; --clone installs them'
    const tool = lacking.find(({ calls }) => calls.test(command))
    return tool === undefined ? null : `there is no ${tool.name}`
  }
}

/**
 * Hides this machine's configuration from the commands: its AWS account, its colours and npm's own
 * warnings. `search-session-ctr` works without `npx`, as the pages write it.
 */
export function readerEnvironment(env: NodeJS.ProcessEnv, scratch: string, work: string): NodeJS.ProcessEnv {
  const own = Object.entries(env).filter(
    ([name]) =>
      !/^(AWS_|npm_(lifecycle|package|command|config_local_prefix)|INIT_CWD|FORCE_COLOR|DEBUG|VITEST)/.test(name),
  )
  const bin = join(scratch, 'bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'search-session-ctr'), `#!/bin/sh\nexec node '${work}/cli/search-ctr.mjs' "$@"\n`, {
    mode: 0o755,
  })
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
