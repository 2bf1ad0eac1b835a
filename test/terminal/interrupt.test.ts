// Checks that an interruption ends a command in order.

import { expect, it } from 'vitest'
import { onInterrupt, wholeTasks } from '../../terminal/interrupt.ts'

/** A shell that a test can interrupt; it collects the exit codes of commands that ended. */
function interruptible() {
  const listeners = new Set<() => void>()
  const ended: number[] = []
  return {
    ended,
    listeners,
    interrupt: () => {
      for (const listener of listeners) listener()
    },
    shell: {
      onSignal: (listener: () => void) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      end: (code: number) => {
        ended.push(code)
      },
    },
  }
}

it('an interruption runs the clean-up, and ends the command after it', async () => {
  const { shell, ended, interrupt } = interruptible()
  const cleaned: string[] = []
  onInterrupt(shell, async () => {
    cleaned.push('cleaned')
    expect(ended).toEqual([])
  })
  interrupt()
  await new Promise(setImmediate)
  expect([cleaned, ended]).toEqual([['cleaned'], [130]])
})

it('a second interruption ends the command without waiting for the clean-up', () => {
  const { shell, ended, interrupt } = interruptible()
  onInterrupt(shell, () => new Promise(() => {}))
  interrupt()
  expect(ended).toEqual([])
  interrupt()
  expect(ended).toEqual([130])
})

it('a clean-up that fails ends the command too', async () => {
  const { shell, ended, interrupt } = interruptible()
  onInterrupt(shell, () => Promise.reject(new Error('no')))
  interrupt()
  await new Promise(setImmediate)
  expect(ended).toEqual([130])
})

it('an ignored interrupt leaves no listener', () => {
  const { shell, listeners } = interruptible()
  const interrupt = onInterrupt(shell, async () => {})
  void interrupt.wait()
  expect(listeners.size).toBe(1)
  interrupt.ignore()
  expect(listeners.size).toBe(0)
})

it('ending whole tasks waits for the running task and starts no other', async () => {
  const tasks = wholeTasks()
  const done: string[] = []
  let finish = (): void => {}
  const first = tasks.run(async () => {
    await new Promise<void>((resolve) => {
      finish = resolve
    })
    done.push('first')
  })
  const ending = tasks.end()
  void tasks.run(async () => {
    done.push('second')
  })
  finish()
  await Promise.all([first, ending])
  expect(done).toEqual(['first'])
})
