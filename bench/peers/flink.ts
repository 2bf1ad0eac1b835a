// Fetches the packages of Apache Flink, compiles the job, and returns the peer that runs it.

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fillOnce, PEERS_FOLDER, type Peer, runProgram } from './peer.ts'

const SOURCE = fileURLToPath(new URL('flink', import.meta.url))
const POM = join(SOURCE, 'pom.xml')

/** Without a limit, Java's heap grows as far as it may. More memory makes the job no faster. */
const HEAP = '-Xmx1g'

/** @throws PeerMissingError where Java or Maven is missing or the packages cannot be fetched. */
export async function installFlink(signal: AbortSignal): Promise<Peer> {
  const [pom, job] = await Promise.all([POM, join(SOURCE, 'FlinkSessions.java')].map((file) => readFile(file, 'utf8')))
  const digest = createHash('sha256').update(`${pom}${job}`).digest('hex').slice(0, 16)
  const folder = join(PEERS_FOLDER, `flink-${digest}`)
  const classpath = join(folder, 'classpath')
  await runProgram('java', ['-version'], signal)
  await fillOnce(folder, async () => {
    // The person's own Maven repository may lose the jars before the next run.
    const settings = [`-Dmaven.repo.local=${join(folder, 'repository')}`, `-DbuildFolder=${folder}`]
    const goals = ['compile', 'dependency:build-classpath', `-Dmdep.outputFile=${classpath}`]
    await runProgram('mvn', ['--quiet', '--batch-mode', '--file', POM, ...settings, ...goals], signal)
  })
  const path = [join(folder, 'classes'), (await readFile(classpath, 'utf8')).trim()].join(delimiter)
  const name = `Apache Flink ${flinkVersion(pom ?? '')}`
  return {
    name,
    note: `${name} runs with object reuse off, its default, and a heap of at most 1 GB.`,
    command: (log, out, { gapMs, latenessMs }) => [
      ...(['java', HEAP, '-cp', path, 'FlinkSessions'] as const),
      ...[log, out, `${gapMs}`, `${latenessMs}`],
    ],
  }
}

export function flinkVersion(pom: string): string {
  const version = /<flink\.version>(.+?)<\/flink\.version>/.exec(pom)?.[1]
  if (version === undefined) throw new Error('pom.xml names no version of Flink')
  return version
}
