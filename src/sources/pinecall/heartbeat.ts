/** Finds a peer that is gone without a goodbye: whoever answers nothing for two pings is dead. Any frame is life. */
import { WebSocket } from 'ws';

export class Heartbeat {
  private unanswered = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly socket: WebSocket,
    pingMs: number,
    private readonly onDeath: () => void,
  ) {
    for (const life of ['message', 'ping', 'pong'] as const) socket.on(life, () => (this.unanswered = 0));
    this.timer = setInterval(() => this.beat(), pingMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private beat(): void {
    if (this.socket.readyState !== WebSocket.OPEN) return; // The handshake has a limit of its own.
    if (this.socket.isPaused)
      this.unanswered = 0; // We aren't reading, so its answers don't reach us.
    else if (this.unanswered === 2) this.onDeath();
    else {
      this.unanswered += 1;
      this.socket.ping();
    }
  }
}
