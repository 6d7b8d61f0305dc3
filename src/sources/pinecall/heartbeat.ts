/** Finds a peer that vanished: one that answers nothing for two pings is dead. Any frame counts as an answer. */
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
    if (this.socket.readyState !== WebSocket.OPEN) return; // The handshake has its own limit.
    if (this.socket.isPaused)
      this.unanswered = 0; // We are not reading, so its answers cannot reach us.
    else if (this.unanswered === 2) this.onDeath();
    else {
      this.unanswered += 1;
      this.socket.ping();
    }
  }
}
