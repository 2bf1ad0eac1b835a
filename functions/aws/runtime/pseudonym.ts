// Replaces users' ids with pseudonyms that only a holder of the pipeline's secret key can compute.

import { createHmac } from 'node:crypto'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { OPTIONAL_INGEST_VARIABLES } from '../../contract.ts'
import { boundedRequests } from './bounded-requests.ts'
import { once } from './once.ts'

/** Returns the pseudonym of a user: 43 base64url characters. */
export type Pseudonym = (user: string) => string

/** An HMAC-SHA-256 has 32 bytes. A shorter key would be easier to guess than the digest. */
const KEY_CHARACTERS_MIN = 32

/**
 * Uses HMAC-SHA-256: anyone could compute a digest without a key for every id that they can guess.
 */
export function keyedPseudonym(key: string): Pseudonym {
  return (user) => createHmac('sha256', key).update(user).digest('base64url')
}

/** @param secret the secret's name or ARN. */
export function storedPseudonym(secret: string, answerMs?: number): () => Promise<Pseudonym> {
  return secretPseudonym(new SecretsManagerClient(boundedRequests(answerMs)), secret)
}

/**
 * Reads the secret at the first call, and again at the next call after a failure. The key is the
 * secret's whole text.
 */
export function secretPseudonym(client: SecretsManagerClient, secret: string): () => Promise<Pseudonym> {
  return once(async () => keyedPseudonym(await readKey(client, secret)))
}

async function readKey(client: SecretsManagerClient, secret: string): Promise<string> {
  const { SecretString: key = '' } = await client.send(new GetSecretValueCommand({ SecretId: secret }))
  if (key.length < KEY_CHARACTERS_MIN) {
    const name = OPTIONAL_INGEST_VARIABLES.pseudonymKeySecret
    throw new Error(`${name}: the secret has ${key.length} characters; it must have at least ${KEY_CHARACTERS_MIN}`)
  }
  return key
}
