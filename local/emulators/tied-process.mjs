// Runs a command until the process that started this one ends. A killed process cannot end its
// children, but its end of this process's input closes.

import { spawn } from 'node:child_process'

const [command, ...args] = process.argv.slice(2)
const child = spawn(command, args, { stdio: 'ignore' })
const end = () => child.kill('SIGKILL')
child.once('error', () => process.exit(127))
child.once('exit', (code) => process.exit(code ?? 1))
process.once('SIGTERM', end)
process.stdin.on('end', end).on('error', end).resume()
