// One Lambda function locally: its bundle and the template's settings in, a process that is invoked like it out.

import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { FunctionSpec } from '../template/pipeline-spec.ts'

const RUNTIME = fileURLToPath(new URL('function-runtime.mjs', import.meta.url))

/** The function threw, ran out of time or its process ended: Lambda's "function error". */
export class FunctionError extends Error {}

export interface FunctionProcess {
  /** Invocations may overlap. Throws FunctionError; after a process died a new one takes the next invocation. */
  invoke(event: unknown): Promise<unknown>
  /** Ends the process as `kill -9` does. */
  stop(): Promise<void>
}

interface Message {
  readonly id?: number
  readonly ready?: true
  readonly reply?: unknown
  readonly error?: string
}

/**
 * @param folder where the app was synthesized.
 * @param endpoints variables that point the SDK at local services; the rest of the environment is the template's.
 * @param onLine told of every line that the function prints.
 */
export function startFunction(
  spec: FunctionSpec,
  folder: string,
  endpoints: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
): FunctionProcess {
  const bundle = pathToFileURL(join(folder, spec.assetFolder, 'index.mjs')).href
  const env = {
    ...spec.environment,
    ...endpoints,
    PATH: process.env.PATH ?? '',
    AWS_LAMBDA_FUNCTION_NAME: spec.name,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    TZ: 'UTC',
  }
  let child: Promise<ChildProcess> | null = null
  let invocation = 0

  const launch = (): Promise<ChildProcess> =>
    new Promise((resolve, reject) => {
      const launched = fork(RUNTIME, [bundle], { env, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
      // One listener for every invocation under way.
      launched.setMaxListeners(0)
      for (const output of [launched.stdout, launched.stderr]) {
        if (output !== null) createInterface({ input: output }).on('line', onLine)
      }
      launched.once('message', () => resolve(launched))
      launched.once('exit', () => {
        child = null
        reject(new FunctionError(`${spec.name} did not start`))
      })
    })

  return {
    invoke: async (event) => {
      child ??= launch()
      const running = await child
      invocation++
      return converse(running, { id: invocation, event, deadlineMs: Date.now() + spec.timeoutMs }, spec)
    },
    stop: async () => {
      const running = await child?.catch(() => null)
      if (!running || running.exitCode !== null || running.signalCode !== null) return
      const ended = new Promise((resolve) => running.once('exit', resolve))
      running.kill('SIGKILL')
      await ended
    },
  }
}

function converse(
  child: ChildProcess,
  sent: { id: number; event: unknown; deadlineMs: number },
  spec: FunctionSpec,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer)
      child.off('message', onMessage)
      child.off('exit', onExit)
    }
    const onMessage = (message: Message): void => {
      if (message.id !== sent.id) return
      settle()
      if (message.error === undefined) resolve(message.reply)
      else reject(new FunctionError(message.error))
    }
    const onExit = (): void => {
      settle()
      reject(new FunctionError(`${spec.name} ended in mid-invocation`))
    }
    const timer = setTimeout(() => {
      settle()
      child.kill('SIGKILL')
      reject(new FunctionError(`${spec.name} ran longer than ${spec.timeoutMs} ms`))
    }, spec.timeoutMs)
    child.on('message', onMessage)
    child.on('exit', onExit)
    child.send(sent)
  })
}
