/** An event stream over fetch, frame by frame. */
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { ApiError, problemOf } from './api.js';

export interface StreamHandlers {
  onEvent(event: EventSourceMessage): void;
  onComment?(comment: string): void;
  /** The server's `retry:`, in ms. */
  onRetry?(retryMs: number): void;
  /** More is read once it resolves. */
  beforeMore?(): Promise<void>;
}

/**
 * Resolves when the stream has ended. Rejects with {@link ApiError} if it was refused, otherwise with the error that
 * broke it.
 */
export async function readStream(response: Response, handlers: StreamHandlers): Promise<void> {
  if (!response.ok || response.body === null) {
    const value: unknown = await response.json().catch(() => undefined); // A proxy's page.
    throw new ApiError(response.status, problemOf(response, value));
  }
  const parser = createParser(handlers);
  const decoder = new TextDecoder();
  for await (const bytes of response.body) {
    parser.feed(decoder.decode(bytes as Uint8Array, { stream: true }));
    await handlers.beforeMore?.();
  }
}
