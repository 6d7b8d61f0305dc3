/** What a stream answers, as `/openapi.json` can describe it. OpenAPI knows no frames; `/asyncapi.json` does. */
import { z } from 'zod';

/** For the `@Operation` of a stream. */
export const streamAnswer = {
  answer: z.string().meta({
    description: 'Frames of text/event-stream. `/asyncapi.json` and `GET /v1/event-types` say what they carry.',
  }),
  type: 'text/event-stream',
  example:
    'event: connected\nid: 41\ndata: {"tenant":"acme","agents":["mara"],"after":41}\n\n' +
    'event: call.started\nid: 42\ndata: {"callId":"CA_7f3e","from":"+34611111111","agent":"mara","at":"2026-11-27T21:06:05.788Z"}\n\n',
} as const;
