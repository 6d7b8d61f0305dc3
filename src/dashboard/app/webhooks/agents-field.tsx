import { useId } from 'react';
import { webhookTexts } from '../texts/webhooks.js';
import { Field } from './field.js';
import type { WebhookPlace } from './webhook.js';

const texts = webhookTexts.form;
/** More than these are written, not ticked. */
const MAX_BOXES = 24;

interface Props {
  readonly place: Pick<WebhookPlace, 'agents'>;
  /** Null: all of them. */
  readonly chosen: readonly string[] | null;
}

/** Which agents' events are sent; none said: all of them. */
export function AgentsField({ place, chosen }: Props) {
  const id = useId();
  // One that has gone meanwhile stands there, too, so that it can be unticked.
  const agents = place.agents === null ? null : [...new Set([...place.agents, ...(chosen ?? [])])];
  if (agents === null || agents.length > MAX_BOXES)
    return (
      <Field id={id} label={texts.agents} hint={texts.agentsTextHint}>
        <input
          id={id}
          name="agents"
          className="input"
          autoComplete="off"
          spellCheck={false}
          defaultValue={chosen?.join(', ')}
          aria-describedby={`${id}-hint`}
        />
      </Field>
    );
  if (agents.length === 0) return null;
  return (
    <fieldset className="plain">
      <legend className="field-label">{texts.agents}</legend>
      <div className="agent-boxes">
        {agents.map((agent) => (
          <label key={agent} className="check">
            <input type="checkbox" name="agents" value={agent} defaultChecked={chosen?.includes(agent)} />
            <bdi>{agent}</bdi>
          </label>
        ))}
      </div>
      <p className="field-hint">{texts.agentsHint}</p>
    </fieldset>
  );
}
