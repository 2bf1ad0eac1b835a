// Starts the command line.

// On Node 20 the SDK warns that it will drop support for it, which users of this program need not
// read.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const { runProcess } = await import('./run-process.ts')
await runProcess()
