import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Public } from '../../auth/auth.decorators.js';
import { Operation } from '../../common/operation.js';
import { ENV, type Env } from '../../config/env.js';
import { asyncApiOf } from './asyncapi.js';
import { describedEventTypes } from './catalogue.js';

const eventTypes = z.object({
  types: z.array(
    z
      .object({
        type: z.string().meta({ examples: ['token.expiring'] }),
        durable: z.boolean().meta({ description: 'False: delivered live only, never stored.' }),
        summary: z.string().meta({ examples: ['The token ends in a minute.'] }),
        schema: z.looseObject({}).meta({
          description: 'JSON Schema (draft-07) of `data`. Further fields may come at any time.',
          examples: [{ type: 'object', properties: { at: { type: 'string', format: 'date-time' } }, required: ['at'] }],
        }),
        example: z.unknown().meta({ description: 'A `data`.', examples: [{ at: '2026-11-27T21:06:04.000Z' }] }),
      })
      .meta({ id: 'EventType' }),
  ),
});

const asyncApi = z
  .looseObject({ asyncapi: z.string(), info: z.looseObject({}), channels: z.looseObject({}) })
  .meta({ examples: [{ asyncapi: '3.0.0', info: { title: 'Switchboard', version: '1' }, channels: {} }] });

@ApiTags('Streams')
@Controller()
export class CatalogueController {
  private asyncApi: string | undefined;
  private eventTypes: string | undefined;

  constructor(@Inject(ENV) private readonly env: Env) {}

  @Operation({
    id: 'listEventTypes',
    summary: 'The types of events that streams and the log carry, with the schema of their data',
    description: 'New types and fields may come at any time: a client ignores what it does not know.',
    answer: eventTypes,
  })
  @Get('v1/event-types')
  @Header('Content-Type', 'application/json; charset=utf-8')
  @Public()
  listTypes(): string {
    return (this.eventTypes ??= JSON.stringify({ types: describedEventTypes() }));
  }

  @Operation({ id: 'getAsyncApi', summary: 'The streams and what they carry, as AsyncAPI 3', answer: asyncApi })
  @Get('asyncapi.json')
  @Header('Content-Type', 'application/json; charset=utf-8')
  @Public()
  describeStreams(): string {
    return (this.asyncApi ??= JSON.stringify(asyncApiOf(this.env.publicUrl.at('/'))));
  }
}
