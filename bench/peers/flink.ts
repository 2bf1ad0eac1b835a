// Apache Flink beside ours: nothing in, its packages fetched, the job compiled, and the peer that runs it out.

import { createHash } from 'node:crypto'
import { access, mkdir, readFile, rename } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { called, PEERS_FOLDER, type Peer } from './peer.ts'

const SOURCE = fileURLToPath(new URL('flink', import.meta.url))

/** Said, since a virtual machine takes what it may: more memory makes it no faster here. */
const HEAP = '-Xmx1g'

/** @throws PeerMissing where Java, Maven or the packages cannot be had. */
export async function installFlink(): Promise<Peer> {
  const sources = await Promise.all(['pom.xml', 'FlinkSessions.java'].map((file) => readFile(join(SOURCE, file))))
  const digest = createHash('sha256').update(Buffer.concat(sources)).digest('hex').slice(0, 16)
  const folder = join(PEERS_FOLDER, `flink-${digest}`)
  const classpath = join(folder, 'classpath')
  await called('java', ['-version'])
  const isBuilt = await access(classpath).then(
    () => true,
    () => false,
  )
  if (!isBuilt) {
    await mkdir(folder, { recursive: true })
    const goals = ['compile', 'dependency:build-classpath']
    // Under its name only once all is there: a run that was interrupted starts again.
    const written = `${classpath}.new`
    const settings = [`-DbuildFolder=${folder}`, `-Dmdep.outputFile=${written}`]
    await called('mvn', [
      '--quiet',
      '--batch-mode',

      '--file',
      join(SOURCE, 'pom.xml'),
      ...settings,
      ...goals,
    ])
    await rename(written, classpath)
  }
  const path = [join(folder, 'classes'), (await readFile(classpath, 'utf8')).trim()].join(delimiter)
  return {
    name: 'Apache Flink 2.3.0',
    command: (log, out, { gapMs, latenessMs }) => [
      ...(['java', HEAP, '-cp', path, 'FlinkSessions'] as const),
      ...[log, out, `${gapMs}`, `${latenessMs}`],
    ],
  }
}
