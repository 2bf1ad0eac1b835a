// Pseudonyms of users: a secret that holds a key in, users' ids to 43 base64url characters that only its holder can tell out.

import { createHmac } from 'node:crypto'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { OPTIONAL_INGEST_VARIABLES } from '../../contract.ts'
import { boundedRequests } from './bounded-requests.ts'
import { once } from './once.ts'

export type Pseudonym = (user: string) => string

/** As many as an HMAC-SHA-256 has bytes: a shorter key would be what is weakest. */
const KEY_CHARACTERS_MIN = 32

/** HMAC-SHA-256, since a digest without a key is soon told for ids that can be guessed. */
export function keyedPseudonym(key: string): Pseudonym {
  return (user) => createHmac('sha256', key).update(user).digest('base64url')
}

/** @param secret its name or ARN. */
export function storedPseudonym(secret: string, answerMs?: number): () => Promise<Pseudonym> {
  return secretPseudonym(new SecretsManagerClient(boundedRequests(answerMs)), secret)
}

/** Reads the secret at the first call, and at the next again if that failed; the key is its whole text. */
export function secretPseudonym(client: SecretsManagerClient, secret: string): () => Promise<Pseudonym> {
  return once(async () => keyedPseudonym(await readKey(client, secret)))
}

async function readKey(client: SecretsManagerClient, secret: string): Promise<string> {
  const { SecretString: key = '' } = await client.send(new GetSecretValueCommand({ SecretId: secret }))
  if (key.length < KEY_CHARACTERS_MIN) {
    const name = OPTIONAL_INGEST_VARIABLES.pseudonymKeySecret
    throw new Error(
      `${name}: the secret is a text of ${key.length} characters, and has to be one of at least ${KEY_CHARACTERS_MIN}`,
    )
  }
  return key
}
