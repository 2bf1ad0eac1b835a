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

/**
 * Returns a sentence about an error of a file or a folder, or null for any other error. A file that
 * a command opened itself has a sentence of its own; this is for the rest.
 */
export function unexpectedFileErrorText(error: Error): string | null {
  const { code = '', path, syscall } = error as NodeJS.ErrnoException
  const why = code === 'ENOENT' ? 'there is no such file or folder' : FILE_ERRORS[code]
  // A failed spawn has a path and no such reason.
  if (why === undefined || syscall?.startsWith('spawn')) return null
  if (path !== undefined) return `${path}: ${why}.`
  // Without a path, other errors may be those of a connection.
  return code === 'ENOSPC' || code === 'EDQUOT' ? `A file cannot be written: ${why}.` : null
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
