// Installs both AWS emulators. Where Python or the package index is missing, it prints so and ends
// with code 1.

import { pythonPrograms } from './python-environment.ts'

try {
  pythonPrograms()
} catch (error) {
  console.log((error as Error).message)
  process.exitCode = 1
}
