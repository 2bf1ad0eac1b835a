// Recognizes errors of a connection that no service answers.

const CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ETIMEDOUT'])

export function isUnreachable(error: Error): boolean {
  return CODES.has(String((error as NodeJS.ErrnoException).code))
}
