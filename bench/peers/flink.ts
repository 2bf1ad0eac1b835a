// Apache Flink beside ours: nothing in, its packages fetched, the job compiled, and the peer that runs it out.

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { called, filledOnce, PEERS_FOLDER, type Peer } from './peer.ts'

const SOURCE = fileURLToPath(new URL('flink', import.meta.url))
const POM = join(SOURCE, 'pom.xml')

/** Said, since a virtual machine takes what it may: more memory makes it no faster here. */
const HEAP = '-Xmx1g'

/** @throws PeerMissingError where Java, Maven or the packages cannot be had. */
export async function installFlink(signal: AbortSignal): Promise<Peer> {
  const [pom, job] = await Promise.all([POM, join(SOURCE, 'FlinkSessions.java')].map((file) => readFile(file, 'utf8')))
  const digest = createHash('sha256').update(`${pom}${job}`).digest('hex').slice(0, 16)
  const folder = join(PEERS_FOLDER, `flink-${digest}`)
  const classpath = join(folder, 'classpath')
  await called('java', ['-version'], signal)
  await filledOnce(folder, async () => {
    // Jars of its own: those in the person's repository may be gone by the next run.
    const settings = [`-Dmaven.repo.local=${join(folder, 'repository')}`, `-DbuildFolder=${folder}`]
    const goals = ['compile', 'dependency:build-classpath', `-Dmdep.outputFile=${classpath}`]
    await called('mvn', ['--quiet', '--batch-mode', '--file', POM, ...settings, ...goals], signal)
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
