import { Global, Module } from '@nestjs/common';
import { Bus } from './bus.js';
import { PostgresBus } from './postgres.bus.js';

@Global()
@Module({ providers: [{ provide: Bus, useClass: PostgresBus }], exports: [Bus] })
export class BusModule {}
