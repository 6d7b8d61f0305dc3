import { type FormEvent, useState } from 'react';
import { type Fault, asFault } from '../api/problem.js';
import { ruleTexts } from '../texts/rules.js';
import { Backtest } from './backtest.js';
import { Choice, ConditionFields, Text } from './condition-fields.js';
import { type Field, MAX_CONDITIONS, draftsOf, emptyDraft, fieldOf, whenOf } from './conditions.js';
import type { Rule, RuleDraft, RulePlace } from './rules.js';

const texts = ruleTexts.form;

interface Props {
  readonly place: RulePlace;
  /** A rule to be changed, or one to begin with; null: an empty one. */
  readonly known: Rule | RuleDraft | null;
  readonly write: <Answer>(act: () => Promise<Answer>) => Promise<Answer>;
  readonly onSaved: () => void;
  readonly onCancel: () => void;
}

type Failures = Readonly<Partial<Record<Field | 'form', string>>>;

/** A rule in words and fields, to be tried on past calls before it is switched on. */
export function RuleForm({ place: { client, path, ...place }, known, write, onSaved, onCancel }: Props) {
  const [name, setName] = useState(known?.name ?? '');
  const [drafts, setDrafts] = useState(() => (known === null ? [emptyDraft()] : draftsOf(known.when)));
  const [agents, setAgents] = useState(known?.agents?.join(', ') ?? '');
  const [once, setOnce] = useState<string>(known?.once ?? 'call');
  const [failures, setFailures] = useState<Failures>({});
  const id = known !== null && 'id' in known ? known.id : null;
  const chosen = agents.split(',').map((agent) => agent.trim()).filter(Boolean); // prettier-ignore
  const rule = { name: name.trim(), agents: chosen.length === 0 ? null : chosen, when: whenOf(drafts), once };
  const refuse = (error: unknown) => setFailures(failuresIn(asFault(error)));
  const save = (fields: object) => {
    if (rule.name === '') return setFailures({ name: texts.nameMissing });
    const body = { ...rule, ...fields };
    const send = () => (id === null ? client.send('POST', path, body) : client.send('PATCH', `${path}/${id}`, body));
    write(send).then(onSaved, refuse);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save(id === null ? { enabled: true } : {});
  };
  return (
    <form className="card rule-form" onSubmit={submit} aria-label={id === null ? texts.create : texts.edit(name)}>
      <Text label={texts.name} hint={texts.nameHint} value={name} failure={failures.name} onChange={setName} />
      {drafts.map((draft, index) => (
        <fieldset key={draft.key} className="plain rule-condition">
          <legend className="field-label">{index === 0 ? texts.when : texts.andWithin}</legend>
          <ConditionFields
            {...{ draft, index, failures }}
            onChange={(next) => setDrafts(drafts.map((one) => (one.key === next.key ? next : one)))}
          />
          {drafts.length > 1 && (
            <button
              type="button"
              className="button button-small"
              onClick={() => setDrafts(drafts.filter((one) => one !== draft))}
            >
              {texts.remove(index + 1)}
            </button>
          )}
        </fieldset>
      ))}
      {drafts.length < MAX_CONDITIONS && (
        <button
          type="button"
          className="button button-small rule-add"
          onClick={() => setDrafts([...drafts, emptyDraft()])}
        >
          {texts.add}
        </button>
      )}
      <div className="form-columns">
        <Text
          label={texts.agents}
          hint={`${ruleTexts.allAgents}: ${texts.agentsHint}`}
          value={agents}
          failure={failures.agents}
          onChange={setAgents}
        />
        <Choice label={texts.once} value={once} names={texts.onceNames} onChange={setOnce} />
      </div>
      <Backtest place={{ client, path, ...place }} rule={rule} write={write} onRefused={refuse} />
      <p className="field-error" role="alert">
        {failures.form}
      </p>
      <div className="form-actions">
        <button type="button" className="button" onClick={onCancel}>
          {texts.cancel}
        </button>
        {id === null && (
          <button type="button" className="button" onClick={() => save({ enabled: false })}>
            {texts.saveOff}
          </button>
        )}
        <button type="submit" className="button button-primary">
          {id === null ? texts.save : texts.saveChanges}
        </button>
      </div>
    </form>
  );
}

/** The server's reasons, each at the field that it is about. */
function failuresIn(fault: Fault): Failures {
  const errors = fault.body['errors'] as readonly { path: string; message: string }[] | undefined;
  const known = (errors ?? []).map(({ path, message }) => [fieldOf(path) ?? 'form', message] as const);
  return known.length === 0 ? { form: fault.message } : Object.fromEntries(known);
}
