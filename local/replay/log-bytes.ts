// Yields the bytes of a log in UTF-8: unpacks gzip and zstd, converts UTF-16, and refuses other
// formats by name.

import { pipeline, Readable, type Transform } from 'node:stream'
import zlib from 'node:zlib'
import { UserError } from '../../terminal/user-error.ts'

export interface Recognized<T> {
  /** The first bytes show it. */
  readonly found: T
  /** Yields the first bytes too. */
  readonly whole: AsyncIterable<Buffer>
}

/**
 * Reads chunks until `recognize` returns what the bytes so far show.
 *
 * @param recognize returns null where it needs more bytes, but never at the end of the stream.
 */
export async function recognized<T>(
  input: AsyncIterable<Buffer>,
  recognize: (head: Buffer, isEnd: boolean) => T | null,
): Promise<Recognized<T>> {
  const chunks = input[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  let found = recognize(head, false)
  while (found === null) {
    const { done = false, value } = await chunks.next()
    if (!done) head = Buffer.concat([head, value])
    found = recognize(head, done)
    if (done && found === null) throw new Error('the beginning of a whole stream shows nothing')
  }
  return { found, whole: prepended(head, { [Symbol.asyncIterator]: () => chunks }) }
}

async function* prepended(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head
  yield* rest
}

/**
 * Enough for every format but tar, whose name comes later. The first chunk of a file holds it, and
 * a slow producer's first event must not wait for more.
 */
const MAGIC_BYTES = 6

function magicBytes(head: Buffer, isEnd: boolean): Buffer | null {
  return isEnd || head.length >= MAGIC_BYTES ? head : null
}

/** Yields UTF-8 without a byte order mark. Throws a UserError for a format that it cannot read. */
export async function* logBytes(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const packed = await recognized(input, magicBytes)
  const packing = PACKINGS.find(({ magic }) => startsWith(packed.found, magic))
  if (packing === undefined) return yield* textBytes(packed)
  yield* textBytes(await recognized(unpackedBytes(packing, packed.whole), magicBytes))
}

interface Packing {
  readonly name: string
  readonly magic: Buffer
  /** Absent where this Node cannot unpack it. */
  readonly unpack: (() => Transform) | undefined
}

/** Node's types always declare zstd, but Node 20 lacks it. */
const createZstd: (() => Transform) | undefined = zlib.createZstdDecompress

const PACKINGS: readonly Packing[] = [
  { name: 'gzip', magic: Buffer.from([0x1f, 0x8b]), unpack: () => zlib.createGunzip() },
  { name: 'zstd', magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), unpack: createZstd && (() => createZstd()) },
]

async function* unpackedBytes({ name, unpack }: Packing, packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (unpack === undefined)
    throw new UserError(
      `the log is packed with ${name}, which needs Node 22.15: unpack it first, as in ${name} -dc FILE > events.ndjson`,
    )
  // Without a callback, pipeline would throw the error where no caller can catch it.
  const unpacking = pipeline(Readable.from(packed), unpack(), () => {})
  try {
    yield* unpacking as AsyncIterable<Buffer>
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    if (!/^(Z_|ZSTD_)/.test(code)) throw error
    throw new UserError(`the log is packed with ${name} and damaged (${message})`)
  }
}

const UTF_8_MARK = Buffer.from([0xef, 0xbb, 0xbf])

async function* textBytes({ found: head, whole }: Recognized<Buffer>): AsyncGenerator<Buffer> {
  refuseOther(head)
  const encoding = utf16Of(head)
  if (encoding !== null) return yield* converted(whole, encoding)
  if (!startsWith(head, UTF_8_MARK)) return yield* whole
  let isFirst = true
  for await (const chunk of whole) {
    yield isFirst ? chunk.subarray(UTF_8_MARK.length) : chunk
    isFirst = false
  }
}

/** Without a byte order mark, every other byte of a log's first characters is zero. */
function utf16Of(head: Buffer): 'utf-16le' | 'utf-16be' | null {
  const [first, second] = head
  if (second === undefined) return null
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return 'utf-16le'
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return 'utf-16be'
  return null
}

async function* converted(chunks: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding)
  for await (const chunk of chunks) yield Buffer.from(decoder.decode(chunk, { stream: true }))
  yield Buffer.from(decoder.decode())
}

interface OtherFormat {
  /** Completes the sentence `the log is ...`. */
  readonly name: string
  readonly magics: readonly (string | readonly number[])[]
  /** Writes the log as text, or its files. */
  readonly command: string
}

const OTHER_FORMATS: readonly OtherFormat[] = [
  { name: 'packed with zip', magics: ['PK\x03\x04'], command: 'unzip -p FILE > events.ndjson' },
  { name: 'packed with bzip2', magics: ['BZh'], command: 'bzip2 -dc FILE > events.ndjson' },
  { name: 'packed with xz', magics: [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]], command: 'xz -dc FILE > events.ndjson' },
  { name: 'packed with lz4', magics: [[0x04, 0x22, 0x4d, 0x18]], command: 'lz4 -dc FILE > events.ndjson' },
  {
    name: 'in Parquet',
    magics: ['PAR1'],
    command: `duckdb -c "copy (from 'FILE') to 'events.ndjson' (format json)"`,
  },
  { name: 'in Avro', magics: ['Obj\x01'], command: 'avro-tools tojson FILE > events.ndjson' },
  {
    name: 'in UTF-32',
    magics: [
      [0xff, 0xfe, 0, 0],
      [0, 0, 0xfe, 0xff],
    ],
    command: 'iconv -f UTF-32 -t UTF-8 FILE > events.ndjson',
  },
]

/** The name of a tar archive's format, at this offset of its first block. */
const TAR_MAGIC = { text: 'ustar', offset: 257 }

function refuseOther(head: Buffer): void {
  const other = OTHER_FORMATS.find(({ magics }) =>
    magics.some((magic) => startsWith(head, Buffer.from(magic as string))),
  )
  if (other !== undefined)
    throw new UserError(`the log is ${other.name}, expected JSON or CSV: convert it with ${other.command}`)
  const { text, offset } = TAR_MAGIC
  if (head.subarray(offset, offset + text.length).toString('latin1') === text)
    throw new UserError('the log is a tar archive, expected JSON or CSV: convert it with tar -xOf FILE > events.ndjson')
}

function startsWith(bytes: Buffer, magic: Buffer): boolean {
  return bytes.subarray(0, magic.length).equals(magic)
}
