// Stands for one Lambda function: runs its bundle in a process of its own and invokes it there.

import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { FunctionSpec } from '../template/pipeline-spec.ts'

const RUNTIME = fileURLToPath(new URL('function-runtime.mjs', import.meta.url))

/** The function threw, ran longer than its timeout, or its process ended. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError'
}

export interface FunctionProcess {
  /**
   * Invocations may overlap. Throws a FunctionError. After the process died, the next invocation
   * starts a new one.
   */
  invoke(event: unknown): Promise<unknown>
  /** Kills the process at once, as `kill -9` does. */
  stop(): Promise<void>
}

interface Message {
  readonly id?: number
  readonly ready?: true
  readonly reply?: unknown
  readonly error?: string
}

/**
 * @param folder the folder of the synthesized app.
 * @param endpoints variables that point the SDK at local services. The template sets the others.
 * @param onLine called with every line that the function prints.
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
      // Every invocation under way adds a listener.
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
      reject(new FunctionError(`${spec.name} ended during an invocation`))
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
