// Runs the command that this process was started with.

import { EXIT } from '../terminal/exit-codes.ts'
import { processShell } from '../terminal/process-shell.ts'
import { runCommand } from './program.ts'
import { failureText } from './target/failure-text.ts'

export async function runProcess(): Promise<void> {
  // A library threw where no caller can catch it: Node would print the source line and a stack
  // trace.
  process.once('uncaughtException', (error) => {
    console.error(failureText(error, { hasStack: Boolean(process.env.DEBUG) }))
    process.exit(EXIT.failed)
  })
  const [, , ...args] = process.argv
  process.exitCode = await runCommand(args, processShell())
  // The help of a command fails only now if its reader, such as `head`, has closed the pipe.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}
