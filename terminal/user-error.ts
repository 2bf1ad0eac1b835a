// Defines errors that a person at the terminal can mend: one sentence, printed without a stack
// trace.

import { dirname } from 'node:path'

export class UserError extends Error {
  override readonly name: string = 'UserError'
}

/** A mistake in the options or arguments of a command. */
export class UsageError extends UserError {
  override readonly name = 'UsageError'
}

/** A person ended a command at a question that it asked. */
export class InterruptedError extends UserError {
  override readonly name = 'InterruptedError'
}

/** Returns why the file at the path cannot be written: `the folder x does not exist`. */
export function fileErrorText(error: unknown, path: string): string {
  const { code = String(error) } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return `the folder ${dirname(path)} does not exist`
  return `cannot be written (${FILE_ERRORS[code] ?? code})`
}

const FILE_ERRORS: Readonly<Record<string, string>> = {
  EACCES: 'this user lacks the permission',
  EDQUOT: 'the quota of this user is used up',
  EEXIST: 'a file has its name',
  EISDIR: 'it is a folder',
  ENOSPC: 'no space is left',
  ENOTDIR: 'a part of its path is a file',
  EPERM: 'this user lacks the permission',
  EROFS: 'the file system is read-only',
}
