// Makes a value at the first call and returns the same value to every later call.

/**
 * Callers that arrive while `make` runs wait for its result. After a failure, the next call runs
 * `make` again.
 */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null
  return () => {
    made ??= make().catch((error: unknown) => {
      made = null
      throw error
    })
    return made
  }
}
