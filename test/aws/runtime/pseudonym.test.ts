// Tests the pseudonyms of users, and how their key is read from a scripted Secrets Manager.

import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { mockClient } from 'aws-sdk-client-mock'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { keyedPseudonym, secretPseudonym } from '../../../functions/aws/runtime/pseudonym.ts'
import { SEED } from '../../support/random-log.ts'

const KEY = 'a key that is long enough, and secret'

const client = new SecretsManagerClient({ region: 'us-east-1' })
const mocked = mockClient(client)

beforeEach(() => {
  mocked.reset()
  mocked.on(GetSecretValueCommand, { SecretId: 'users' }).resolves({ SecretString: KEY })
})

describe('a pseudonym', () => {
  it('is the HMAC-SHA-256 of the user, in base64url', () => {
    // RFC 4231, test case 2.
    const expected = Buffer.from('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843', 'hex')
    expect(keyedPseudonym('Jefe')('what do ya want for nothing?')).toBe(expected.toString('base64url'))
  })

  it('has 43 characters and differs between users and between keys', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 })
    fc.assert(
      fc.property(text, text, (user, other) => {
        const pseudonym = keyedPseudonym(KEY)
        expect(pseudonym(user)).toMatch(/^[\w-]{43}$/)
        expect(keyedPseudonym(KEY)(user)).toBe(pseudonym(user))
        expect(keyedPseudonym(`${KEY}!`)(user)).not.toBe(pseudonym(user))
        expect(pseudonym(other) === pseudonym(user)).toBe(other === user)
      }),
      { seed: SEED },
    )
  })
})

describe('the key of pseudonyms', () => {
  it('is the whole text of the secret, which is read once', async () => {
    const load = secretPseudonym(client, 'users')
    expect(mocked.calls()).toHaveLength(0)
    const [first, second] = await Promise.all([load(), load()])
    expect((await load())('ann')).toBe(keyedPseudonym(KEY)('ann'))
    expect(first).toBe(second)
    expect(mocked.calls()).toHaveLength(1)
  })

  it('fails with the error of a failed read, and is read again at the next call', async () => {
    const denied = new Error('AccessDeniedException')
    mocked.on(GetSecretValueCommand).rejectsOnce(denied).resolves({ SecretString: KEY })
    const load = secretPseudonym(client, 'users')
    await expect(load()).rejects.toBe(denied)
    expect((await load())('ann')).toBe(keyedPseudonym(KEY)('ann'))
  })

  it.each([
    ['has 31 characters', { SecretString: 'x'.repeat(31) }],
    ['is missing', {}],
    ['is no text', { SecretBinary: new Uint8Array(64) }],
  ])('is refused with the name of its setting, and stays out of the message, when it %s', async (_, secret) => {
    mocked.on(GetSecretValueCommand).resolves(secret)
    const refusal = await secretPseudonym(client, 'users')().catch((error: Error) => error.message)
    expect(refusal).toMatch(/^PSEUDONYM_KEY_SECRET: .* at least 32$/)
    expect(refusal).not.toContain('xxx')
  })

  it('is accepted with 32 characters', async () => {
    mocked.on(GetSecretValueCommand).resolves({ SecretString: 'x'.repeat(32) })
    await expect(secretPseudonym(client, 'users')()).resolves.toBeTypeOf('function')
  })
})
