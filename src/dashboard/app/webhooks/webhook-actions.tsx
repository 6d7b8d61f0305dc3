import { useState } from 'react';
import { asFault } from '../api/problem.js';
import { useWrite } from '../session/use-write.js';
import { webhookTexts } from '../texts/webhooks.js';
import { Confirm } from '../ui/confirm.js';
import { type Webhook, type WebhookPlace, pathOf } from './webhook.js';

const texts = webhookTexts.actions;

interface Props {
  readonly place: WebhookPlace;
  readonly webhook: Webhook;
  readonly onEdit: () => void;
  readonly onSecret: (secret: string) => void;
  readonly onChanged: () => void;
  readonly onRemoved: () => void;
}

export function WebhookActions({ place, webhook, onEdit, onSecret, onChanged, onRemoved }: Props) {
  const { client } = place;
  const { write, prompt } = useWrite();
  const [asked, setAsked] = useState<'rotate' | 'remove' | null>(null);
  const [state, setState] = useState<{ busy: boolean; failure?: string }>({ busy: false });
  const path = pathOf(place, webhook.id);
  const isOn = webhook.status === 'active' || webhook.status === 'failing';
  const become = (status: 'active' | 'paused') => {
    setState({ busy: true });
    write(() => client.send('PATCH', path, { status })).then(
      () => {
        setState({ busy: false });
        onChanged();
      },
      (error: unknown) => setState({ busy: false, failure: asFault(error).message }),
    );
  };
  const rotate = async () => {
    const { secret } = await write(() => client.send<{ secret: string }>('POST', `${path}/secret`));
    onSecret(secret);
    onChanged();
  };
  const remove = async () => {
    await write(() => client.send('DELETE', path));
    onRemoved();
  };
  return (
    <div className="page-heading-end">
      {state.failure !== undefined && (
        <p className="field-error" role="alert">
          {state.failure}
        </p>
      )}
      <button
        type="button"
        className={isOn ? 'button' : 'button button-primary'}
        disabled={state.busy}
        onClick={() => become(isOn ? 'paused' : 'active')}
      >
        {isOn ? texts.pause : texts.activate}
      </button>
      <button type="button" className="button" onClick={onEdit}>
        {texts.edit}
      </button>
      <button type="button" className="button" onClick={() => setAsked('rotate')}>
        {texts.rotate}
      </button>
      <button type="button" className="button button-quiet-danger" onClick={() => setAsked('remove')}>
        {texts.remove}
      </button>
      {asked === 'rotate' && (
        <Confirm title={texts.rotateTitle} action={texts.rotate} onConfirm={rotate} onClose={() => setAsked(null)}>
          {texts.rotateText}
        </Confirm>
      )}
      {asked === 'remove' && (
        <Confirm title={texts.removeTitle} action={texts.remove} onConfirm={remove} onClose={() => setAsked(null)}>
          {texts.removeText}
        </Confirm>
      )}
      {prompt}
    </div>
  );
}
