// A user as the tables have it: the id that producers send, and perhaps a secret, in; the ids to look for out.

import { secretPseudonym } from '../../functions/aws/runtime/pseudonym.ts'
import type { Target } from '../target/target.ts'

export const PSEUDONYM_KEY_OPTION = [
  '--pseudonym-key <arn>',
  'the secret of the setting pseudonymKeyArn, where it is set',
] as const

/** As users are stored, and were before there was a key. */
export async function storedAs(
  user: string,
  pseudonymKey: string | undefined,
  { secrets }: Pick<Target['clients'], 'secrets'>,
): Promise<string[]> {
  if (pseudonymKey === undefined) return [user]
  const pseudonym = await secretPseudonym(secrets, pseudonymKey)()
  return [pseudonym(user), user]
}
