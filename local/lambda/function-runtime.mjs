// Stands for Lambda's runtime: loads a bundle in a process of its own and calls its handler.

const { handler } = await import(process.argv[2])

process.on('message', async ({ id, event, deadlineMs }) => {
  const context = { getRemainingTimeInMillis: () => deadlineMs - Date.now() }
  try {
    process.send({ id, reply: (await handler(event, context)) ?? null })
  } catch (error) {
    process.send({ id, error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
  }
})

process.send({ ready: true })

// Without the run that started it, no invocation can come any more.
process.on('disconnect', () => process.exit())
