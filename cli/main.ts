// The command line: arguments in, a command run, its exit code out.

// The SDK says on Node 20 that it will leave it: true, and not what a user of this program came for.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const { runProgram } = await import('./program.ts')
await runProgram(process.argv)
