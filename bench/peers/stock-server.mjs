/**
 * A NestJS application as its documentation shows it: `@Sse()` returns an observable of messages, and the framework
 * does the rest.
 */
import 'reflect-metadata';
import { Controller, Module, Post, Req, Res, Sse } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Subject } from 'rxjs';
import { agentOf, listen, takeIn } from './fan-out.mjs';

const subjects = new Map();
let seq = 0;

class Streams {
  events(request) {
    const subject = subjects.get(agentOf(request)) ?? new Subject();
    subjects.set(agentOf(request), subject);
    return subject;
  }

  take(request, response) {
    takeIn(request, response, (events) => {
      for (const { agent, event, text } of events)
        subjects.get(agent)?.next({ id: String((seq += 1)), type: event, data: text });
    });
  }
}
decorate(Streams, 'events', [Sse('v1/events')], [Req()]);
decorate(Streams, 'take', [Post('v1/ingest')], [Req(), Res()]);
Controller()(Streams);

class Application {}
Module({ controllers: [Streams] })(Application);

/** Does what TypeScript's decorators would do. */
function decorate(target, name, methodDecorators, parameterDecorators) {
  for (const [index, decorator] of parameterDecorators.entries()) decorator(target.prototype, name, index);
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name);
  for (const decorator of methodDecorators) decorator(target.prototype, name, descriptor);
}

const app = await NestFactory.create(Application, { logger: false, bodyParser: false });
await app.init();
listen(app.getHttpServer());
