/**
 * Frames on their way to sockets, as one chunk of an HTTP/1.1 body (RFC 9112, 7.1). Made once for all who get the same
 * frames: a connection is given the whole buffer, and nothing of it is formatted or copied for one reader.
 */
export class Chunk {
  /** The chunk's size line, the frames, and its end. */
  readonly bytes: Buffer;
  private readonly start: number;

  constructor(frames: string | Buffer) {
    const head = `${Buffer.byteLength(frames).toString(16)}\r\n`;
    this.start = head.length;
    this.bytes =
      typeof frames === 'string'
        ? Buffer.from(`${head}${frames}\r\n`)
        : Buffer.concat([Buffer.from(head), frames, Buffer.from('\r\n')]);
  }

  /** The frames alone, for a body that is not chunked (HTTP/1.0). The same memory, not a copy. */
  get frames(): Buffer {
    return this.bytes.subarray(this.start, this.bytes.length - 2);
  }
}
