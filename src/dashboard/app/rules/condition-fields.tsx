import { useId } from 'react';
import { ruleTexts } from '../texts/rules.js';
import { type Draft, type Field, KINDS, asKind } from './conditions.js';

const texts = ruleTexts.form;

interface Props {
  readonly draft: Draft;
  readonly index: number;
  readonly failures: Readonly<Partial<Record<Field, string>>>;
  readonly onChange: (draft: Draft) => void;
}

/** What one condition waits for. */
export function ConditionFields({ draft, index, failures, onChange }: Props) {
  const { kind, by, words, pattern, amount, tool, reasons, handoff } = draft;
  const sides = kind === 'silence' ? texts.silentSides : texts.sides;
  const failureAt = (name: 'words' | 'pattern' | 'amount' | 'tool' | 'reasons') => failures[`${index}.${name}`];
  return (
    <div className="form-columns">
      <Choice
        label={texts.kind}
        value={kind}
        names={Object.fromEntries(KINDS.map((one) => [one, texts.kinds[one]]))}
        onChange={(next) => onChange(asKind(draft, KINDS.find((one) => one === next) ?? 'words'))}
      />
      {(kind === 'words' || kind === 'pattern' || kind === 'silence') && (
        <Choice
          label={kind === 'silence' ? texts.silent : texts.by}
          value={by}
          names={sides}
          onChange={(next) => onChange({ ...draft, by: next as Draft['by'] })}
        />
      )}
      {
        kind === 'words' &&
        <Text label={texts.words} hint={texts.wordsHint} isLong value={words} failure={failureAt('words')} onChange={(next) => onChange({ ...draft, words: next })} /> // prettier-ignore
      }
      {
        kind === 'pattern' &&
        <Text label={texts.pattern} hint={texts.patternHint} value={pattern} failure={failureAt('pattern')} onChange={(next) => onChange({ ...draft, pattern: next })} /> // prettier-ignore
      }
      {
        (kind === 'silence' || kind === 'latency' || kind === 'longerThan') &&
        <Text label={texts.amount[kind]} value={amount} failure={failureAt('amount')} onChange={(next) => onChange({ ...draft, amount: next })} /> // prettier-ignore
      }
      {
        kind === 'toolFailed' &&
        <Text label={texts.tool} hint={texts.toolHint} value={tool} failure={failureAt('tool')} onChange={(next) => onChange({ ...draft, tool: next })} /> // prettier-ignore
      }
      {
        kind === 'ended' &&
        <Text label={texts.reasons} hint={texts.reasonsHint} value={reasons} failure={failureAt('reasons')} onChange={(next) => onChange({ ...draft, reasons: next })} /> // prettier-ignore
      }
      {kind === 'handoff' && (
        <Choice
          label={texts.handoff}
          value={handoff}
          names={texts.handoffs}
          onChange={(next) => onChange({ ...draft, handoff: next as Draft['handoff'] })}
        />
      )}
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly names: Readonly<Record<string, string>>;
  readonly onChange: (value: string) => void;
}

export function Choice({ label, value, names, onChange }: ChoiceProps) {
  return (
    <label className="field">
      <span className="field-label">{label}</span>
      <select className="input" value={value} onChange={({ target }) => onChange(target.value)}>
        {Object.entries(names).map(([one, name]) => (
          <option key={one} value={one}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

interface TextProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly failure: string | undefined;
  readonly isLong?: boolean;
  readonly onChange: (value: string) => void;
}

export function Text({ label, hint, value, failure, isLong = false, onChange }: TextProps) {
  const id = useId();
  const field = {
    id,
    className: 'input',
    value,
    'aria-invalid': failure !== undefined,
    'aria-describedby': `${id}-hint`,
    onChange: ({ target }: { target: { value: string } }) => onChange(target.value),
  };
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      {isLong ? <textarea rows={3} {...field} /> : <input {...field} />}
      <p id={`${id}-hint`} className={failure === undefined ? 'field-hint' : 'field-error'}>
        {failure ?? hint}
      </p>
    </div>
  );
}
