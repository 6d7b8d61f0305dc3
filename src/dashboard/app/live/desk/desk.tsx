import { type FormEvent, useId, useState } from 'react';
import type { CallView } from '../../../../calls/fold/call-view.js';
import { deskTexts as texts } from '../../texts/desk.js';
import { Confirm } from '../../ui/confirm.js';
import { TransferDialog } from './transfer-dialog.js';
import { type VerbName, useDesk } from './use-desk.js';
import '../../styles/desk.css';

interface Props {
  readonly view: CallView;
  /** `/v1/calls/{call}`. */
  readonly place: string;
}

type Question = 'takeover' | 'release' | 'transfer' | 'end';

/** Steps into a call in progress. Everybody who watches it sees who has it. */
export default function Desk({ view, place }: Props) {
  const desk = useDesk(place);
  const { verbs, name, setName, busy, said, ask, isOwn, prompt } = desk;
  const [question, setQuestion] = useState<Question | null>(null);
  const [text, setText] = useState('');
  const fieldId = useId();
  if (verbs.length === 0)
    return said === null ? prompt : <p className="desk desk-failure field-error" role="alert">{said.text}</p>; // prettier-ignore
  const holder = view.handoff?.state === 'active' ? view.handoff : null;
  const isMine = holder !== null && isOwn(holder);
  const other = holder === null || isMine ? null : (holder.by ?? texts.somebody);
  const speak = (verb: 'say' | 'whisper') => void ask({ verb, text: text.trim() }).then((done) => done && setText(''));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== '') speak('say');
  };
  const hasNoText = text.trim() === '' || busy !== null;
  /** What is another person's is asked for twice. */
  const act = (verb: 'takeover' | 'release') => (other === null ? void ask({ verb }) : setQuestion(verb));
  const confirmed = (verb: VerbName) => async () => void (await ask({ verb }));
  const close = () => setQuestion(null);
  return (
    <section className="desk" aria-label={texts.title}>
      <div className="desk-head">
        <p className={holder === null ? 'desk-holder' : 'desk-holder desk-holder-person'} role="status">
          {isMine ? texts.youHave : other !== null ? texts.somebodyHas(other) : wordsWithout(view)}
        </p>
        <label className="desk-name" htmlFor={`${fieldId}-name`}>
          <span>{texts.name}</span>
          <input
            id={`${fieldId}-name`}
            className="input"
            maxLength={60}
            autoComplete="name"
            title={texts.nameHint}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
      </div>
      <form className="desk-words" onSubmit={submit}>
        <label className="visually-hidden" htmlFor={`${fieldId}-text`}>
          {texts.text}
        </label>
        <input
          id={`${fieldId}-text`}
          className="input"
          maxLength={2000}
          autoComplete="off"
          placeholder={texts.textHint}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit" className="button" disabled={hasNoText}>
          {texts.say}
        </button>
        <button type="button" className="button" disabled={hasNoText} onClick={() => speak('whisper')}>
          {texts.whisper}
        </button>
      </form>
      <div className="desk-acts">
        {!isMine && (
          <button
            type="button"
            className="button button-primary"
            disabled={busy !== null}
            onClick={() => act('takeover')}
          >
            {texts.takeover}
          </button>
        )}
        {holder !== null && (
          <button
            type="button"
            className={isMine ? 'button button-primary' : 'button'}
            disabled={busy !== null}
            onClick={() => act('release')}
          >
            {texts.release}
          </button>
        )}
        <button type="button" className="button" disabled={busy !== null} onClick={() => setQuestion('transfer')}>
          {texts.transfer}
        </button>
        <button
          type="button"
          className="button button-quiet-danger"
          disabled={busy !== null}
          onClick={() => setQuestion('end')}
        >
          {texts.end}
        </button>
        <p className={said?.good === false ? 'desk-said field-error' : 'desk-said muted'} role="status">
          {said?.text}
        </p>
      </div>
      {question === 'takeover' && (
        <Confirm
          title={texts.takeFrom(other ?? texts.somebody)}
          action={texts.takeover}
          onConfirm={confirmed('takeover')}
          onClose={close}
        >
          {texts.takeFromText(other ?? texts.somebody)}
        </Confirm>
      )}
      {question === 'release' && (
        <Confirm
          title={texts.releaseOf(other ?? texts.somebody)}
          action={texts.release}
          onConfirm={confirmed('release')}
          onClose={close}
        >
          {texts.releaseOfText(other ?? texts.somebody)}
        </Confirm>
      )}
      {question === 'end' && (
        <Confirm title={texts.endTitle} action={texts.endAction} onConfirm={confirmed('end')} onClose={close}>
          {texts.endText}
        </Confirm>
      )}
      {question === 'transfer' && (
        <TransferDialog onTransfer={(to, mode) => void ask({ verb: 'transfer', to, mode })} onClose={close} />
      )}
      {prompt}
    </section>
  );
}

function wordsWithout({ handoff }: CallView): string {
  return handoff?.state === 'requested' ? texts.wanted : texts.agentHas;
}
