import { DynamicModule, Module } from '@nestjs/common';
import { Answers } from './answers.js';
import { Bodies } from './bodies.js';
import type { Sockets } from './sockets.js';

/** What stands between a connection and the routes; the server itself holds `sockets` and `answers`. */
@Module({})
export class HttpModule {
  static forRoot(...values: readonly (Sockets | Answers)[]): DynamicModule {
    const providers = [...values.map((value) => ({ provide: value.constructor, useValue: value })), Bodies];
    return { module: HttpModule, global: true, providers, exports: providers };
  }
}
