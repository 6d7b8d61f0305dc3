/** What a script of the simulator says. Data only; `conversation-player.ts` turns it into events. */

export type Language = 'de' | 'en' | 'es' | 'fr' | 'it' | 'pt';
export type Business = 'cleaning' | 'dentist' | 'hotel' | 'parcel' | 'restaurant' | 'workshop';

/** The customer's words; when `interruptsAfterWords`, they cut off the agent's line before them after so many words. */
export interface UserStep {
  readonly user: string;
  readonly interruptsAfterWords?: number;
  /** Stops for a moment half-way: `turn.pause`, then `turn.resumed`. */
  readonly hesitates?: true;
}

/** The agent's words. A streamed reply begins with an empty text, as it does on the wire. */
export interface BotStep {
  readonly bot: string;
  readonly streamed?: true;
}

/** A tool that the agent's language model calls, and what it answers. */
export interface ToolStep {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly result: unknown;
}

/** Keys that the caller presses. */
export interface KeysStep {
  readonly keys: string;
}

export interface SilenceStep {
  readonly silenceMs: number;
}

/** A person takes a WhatsApp session over from the agent, or gives it back. */
export interface OperatorStep {
  readonly operator: 'takes over' | 'hands back';
}

export type SpokenStep = UserStep | BotStep | ToolStep | KeysStep | SilenceStep;
export type WrittenStep = UserStep | BotStep | ToolStep | SilenceStep;
export type WhatsAppStep = UserStep | BotStep | OperatorStep | SilenceStep;

interface Script {
  /** Unique, for a person who reads a test's failure. */
  readonly name: string;
  readonly business: Business;
  readonly language: Language;
  /**
   * `{word}` in a text becomes one of these; `{agent}` is always the agent's name. No quotes or backslashes in them.
   */
  readonly vary?: Readonly<Record<string, readonly string[]>>;
  /** Why it ends. Absent: `hangup`, on WebRTC `disconnected`, in writing `idle_timeout`. */
  readonly reason?: 'hangup' | 'disconnected' | 'idle_timeout' | 'max_duration' | 'no_answer' | 'busy';
}

export interface SpokenConversation extends Script {
  readonly transport: 'phone' | 'webrtc';
  /** Absent: inbound. */
  readonly direction?: 'inbound' | 'outbound';
  readonly steps: readonly SpokenStep[];
}

export interface ChatConversation extends Script {
  readonly transport: 'chat';
  readonly steps: readonly WrittenStep[];
}

export interface WhatsAppConversation extends Script {
  readonly transport: 'whatsapp';
  /** WhatsApp tells a contact's name. */
  readonly vary: Readonly<Record<string, readonly string[]>> & { readonly name: readonly string[] };
  readonly steps: readonly WhatsAppStep[];
}

export type Conversation = SpokenConversation | ChatConversation | WhatsAppConversation;

/** True where somebody speaks: not in writing, and not when nobody picks up. */
export function isSpoken(conversation: Conversation): boolean {
  const { transport, steps } = conversation;
  return (transport === 'phone' || transport === 'webrtc') && steps.some((step) => 'bot' in step);
}
