// Finds the ids under which the tables store a user.

import { secretPseudonym } from '../../functions/aws/runtime/pseudonym.ts'
import type { Target } from '../target/target.ts'

export const PSEUDONYM_KEY_OPTION = [
  '--pseudonym-key <arn>',
  'the secret of the setting pseudonymKeyArn, if the stack stores users by pseudonym',
] as const

/**
 * Returns the pseudonym first, then the id itself: the tables hold both if the key was set later.
 *
 * @param pseudonymKey the ARN of the secret; undefined where users are stored by their id.
 */
export async function storedIds(
  user: string,
  pseudonymKey: string | undefined,
  { secrets }: Pick<Target['clients'], 'secrets'>,
): Promise<string[]> {
  if (pseudonymKey === undefined) return [user]
  const pseudonym = await secretPseudonym(secrets, pseudonymKey)()
  return [pseudonym(user), user]
}
