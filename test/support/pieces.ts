/** Bytes as a network may deliver them. */

/** The reader, in the same process, gets this piece before the next is sent. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Cut every so many bytes: inside a frame, inside a character. */
export function pieces(content: string | Buffer, pieceBytes = Infinity): Buffer[] {
  const bytes = Buffer.from(content as string);
  const count = pieceBytes === Infinity ? 1 : Math.ceil(bytes.length / pieceBytes);
  return Array.from({ length: count }, (_, index) =>
    count === 1 ? bytes : bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
}
