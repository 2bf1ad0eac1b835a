// Checks that a log is read as UTF-8 however it is packed and encoded, and that other formats are
// named.

import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { logBytes } from '../../../local/replay/log-bytes.ts'

async function* inChunks(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks
}

async function read(...chunks: readonly (Buffer | string)[]): Promise<string> {
  const read: Buffer[] = []
  for await (const chunk of logBytes(inChunks(chunks.map((chunk) => Buffer.from(chunk))))) read.push(chunk)
  return Buffer.concat(read).toString('utf8')
}

/** Every division of the bytes into two chunks. */
function divisions(bytes: Buffer): Buffer[][] {
  return Array.from({ length: bytes.length + 1 }, (_, end) => [bytes.subarray(0, end), bytes.subarray(end)])
}

const TEXT = '{"query":"Fön 🙂"}\n{"b":2}\n'
const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le')

describe('the encoding of a log', () => {
  it.each([
    ['UTF-8', Buffer.from(TEXT)],
    ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${TEXT}`)],
    ['UTF-16, little end first', utf16(`\ufeff${TEXT}`)],
    ['UTF-16, big end first', utf16(`\ufeff${TEXT}`).swap16()],
    ['UTF-16, little end first, without a byte order mark', utf16(TEXT)],
    ['UTF-16, big end first, without a byte order mark', utf16(TEXT).swap16()],
  ])('is recognized, wherever the chunks begin and end: %s', async (_, bytes) => {
    for (const chunks of divisions(bytes)) expect(await read(...chunks)).toBe(TEXT)
  })

  it('leaves out one byte order mark, at the beginning of the log', async () => {
    expect(await read('\ufeff\ufeffa')).toBe('\ufeffa')
    expect(await read('a\n\ufeffb')).toBe('a\n\ufeffb')
    expect(await read('\ufeff')).toBe('')
    expect(await read('')).toBe('')
  })
})

describe('a log that gzip packed', () => {
  it('is unpacked if it begins as gzip does, wherever its chunks begin and end', async () => {
    for (const chunks of divisions(gzipSync(TEXT))) expect(await read(...chunks)).toBe(TEXT)
    expect(await read(gzipSync(utf16(`\ufeff${TEXT}`)))).toBe(TEXT)
  })

  it('is unpacked where several were joined', async () => {
    expect(await read(gzipSync('a\n'), gzipSync('b\n'))).toBe('a\nb\n')
  })

  it('is refused where it ends too early or is damaged', async () => {
    const packed = gzipSync('a\n'.repeat(1000))
    await expect(read(packed.subarray(0, -8))).rejects.toThrow('the log is packed with gzip and damaged')
    packed.fill(0xff, 12, 16)
    await expect(read(packed)).rejects.toThrow('the log is packed with gzip and damaged')
  })
})

describe('another format', () => {
  const tar = Buffer.alloc(512)
  tar.write('ustar', 257)

  it.each([
    ['packed with zip', Buffer.from('PK\x03\x04rest'), 'unzip -p FILE'],
    ['packed with bzip2', Buffer.from('BZh91AY'), 'bzip2 -dc FILE'],
    ['packed with xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0]), 'xz -dc FILE'],
    ['in Parquet', Buffer.from('PAR1rest'), 'duckdb'],
    ['in Avro', Buffer.from('Obj\x01rest'), 'avro-tools tojson FILE'],
    ['in UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0]), 'iconv -f UTF-32'],
    ['a tar archive', tar, 'tar -xOf FILE'],
    ['a tar archive', gzipSync(tar), 'tar -xOf FILE'],
  ])('is named, with the command that converts it: %s', async (name, bytes, command) => {
    const refused = read(bytes)
    await expect(refused).rejects.toThrow(`the log is ${name}`)
    await expect(refused).rejects.toThrow(command)
  })
})
