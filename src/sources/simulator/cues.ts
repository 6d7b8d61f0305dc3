/** The events that a conversation is made of, as wire A carries them: see `test/fixtures/`. */
import type { ToolStep } from './conversation.js';
import type { Cue, Scene } from './scene.js';

/**
 * The language model asks for a tool, and gets its result: both as JSON text, as the model itself reads and writes it.
 */
export function* playTool(scene: Scene, step: ToolStep, asked: { msgId: string; number: number }): Generator<Cue> {
  const { id: callId, agent, random, fill } = scene;
  const toolCallId = `${callId}_t${asked.number}`;
  const toolCall = { id: toolCallId, name: step.tool, arguments: fill(JSON.stringify(step.arguments)) };
  const { msgId } = asked;
  yield {
    afterMs: Math.round(random.between(250, 500)),
    type: 'llm.toolCall',
    data: { callId, toolCalls: [toolCall], msgId, agent },
  };
  yield {
    afterMs: Math.round(random.between(150, 1400)),
    type: 'llm.tool_result',
    data: { callId, toolCallId, name: step.tool, result: fill(JSON.stringify(step.result)), msgId, agent },
  };
}

/** An event that the voice server sends and the SDK passes on. */
export function relayed(scene: Scene, afterMs: number, type: string, fields: Record<string, unknown>): Cue {
  const { id, agent, conversation, party } = scene;
  // A chat has no audio session beside its call.
  const session = conversation.transport === 'chat' ? {} : { sessionId: id };
  return { afterMs, type, data: { agentId: agent, event: type, callId: id, ...session, ...fields, ...party, agent } };
}

/** An event that the SDK makes itself. */
export function told(scene: Scene, afterMs: number, type: string, fields: Record<string, unknown>): Cue {
  return { afterMs, type, data: { callId: scene.id, ...scene.party, ...fields, agent: scene.agent } };
}
