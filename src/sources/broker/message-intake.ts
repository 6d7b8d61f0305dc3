/** Passes a broker's message to the sink. What cannot be read is counted, logged and passed over. */
import { eventsIn } from '../../common/metrics.js';
import { PassedOver } from '../passed-over.js';
import type { EventSink } from '../source.js';
import { readMessage } from './message-body.js';

export class MessageIntake {
  private readonly passedOver: PassedOver;

  constructor(
    source: string,
    private readonly sink: EventSink,
  ) {
    this.passedOver = new PassedOver(source, 'message, or part of one, that is no event');
  }

  /**
   * Resolves when the readable part is committed; `isPoison` if nothing was readable. Rejects only if the source is to
   * stop.
   */
  async take(
    text: string,
    identity?: readonly unknown[],
    formerIdentity?: readonly unknown[],
  ): Promise<{ isPoison: boolean }> {
    const { events, faults } = readMessage(text, identity, formerIdentity);
    if (faults > 0) {
      eventsIn.inc({ outcome: 'refused' }, faults);
      this.passedOver.note();
    }
    if (events.length > 0) await this.sink.push(events, Buffer.byteLength(text));
    return { isPoison: faults > 0 && events.length === 0 };
  }

  room(): Promise<void> {
    return this.sink.room();
  }
}
