// Finds out whether the user's AWS configuration has a profile, since the SDK reports a missing one
// as missing credentials or as a missing region.

import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { printable, shellWord } from '../../terminal/text-table.ts'

/** Heads a profile in one of the two files. Other sections have a type, such as `sso-session`. */
const SECTION = /^[ \t]*\[\s*(?:profile\s+)?(?:"(?<double>[^"\]]+)"|'(?<single>[^'\]]+)'|(?<plain>[^\s\]]+))\s*\]/gm
const LISTED_MAX = 10

type Environment = Readonly<Record<string, string | undefined>>

/** Returns a sentence if no file of the AWS configuration has the profile, or else null. */
export function missingProfileText(profile: string, env: Environment): string | null {
  const files = [fileOf('config', env.AWS_CONFIG_FILE), fileOf('credentials', env.AWS_SHARED_CREDENTIALS_FILE)]
  const texts = files.map(readText)
  const names = new Set(texts.flatMap((text) => profilesIn(text ?? '')))
  if (names.has(profile)) return null
  const missing = `There is no AWS profile '${printable(profile)}'`
  if (texts.every((text) => text === null))
    return `${missing}: neither ${files.join(' nor ')} can be read. 'aws configure --profile ${shellWord(profile)}' makes one.`
  const listed = [...names].slice(0, LISTED_MAX).map(printable).join(', ')
  const others = names.size === 0 ? 'they hold none' : `yours are ${listed}${names.size > LISTED_MAX ? ', ...' : ''}`
  return `${missing} in ${files.join(' or ')}: ${others}.`
}

function profilesIn(text: string): string[] {
  return [...text.matchAll(SECTION)].map(({ groups }) => groups?.double ?? groups?.single ?? groups?.plain ?? '')
}

/** Finds a file as the SDK does. */
function fileOf(name: string, given: string | undefined): string {
  if (!given) return join(homedir(), '.aws', name)
  return given.startsWith('~/') ? join(homedir(), given.slice(2)) : given
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
