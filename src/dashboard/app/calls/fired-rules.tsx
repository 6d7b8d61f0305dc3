/** Which live rules have fired in a call: beside it in a list, and at its lines. */
import type { FiredRule } from '../../../calls/fold/fired-state.js';
import { callTexts } from '../texts/calls.js';
import { Icon } from '../ui/icons.js';

/** Names that a row has room for. */
const MAX_NAMES = 2;

/** The rules that have fired, each once. */
export function namesOf(fired: readonly FiredRule[] = []): readonly string[] {
  return [...new Map(fired.map(({ rule, name }) => [rule, name])).values()];
}

/** In a list: a few names, and how many more there are. */
export function FiredTags({ fired }: { readonly fired: readonly FiredRule[] | undefined }) {
  const names = namesOf(fired);
  if (names.length === 0) return null;
  const rest = names.length - MAX_NAMES;
  return (
    <span className="fired-tags" title={names.join(', ')}>
      <span className="visually-hidden">{callTexts.rules.fired}</span>
      {names.slice(0, MAX_NAMES).map((name) => (
        <span key={name} className="tag tag-warn fired-tag">
          <bdi>{name}</bdi>
        </span>
      ))}
      {rest > 0 && <span className="tag">{callTexts.rules.more(rest)}</span>}
    </span>
  );
}

/** Below the line that made them fire. */
export function FiredMarks({ fired }: { readonly fired: readonly FiredRule[] }) {
  return fired.map(({ id, name }) => (
    <p key={id} className="line-mark line-mark-rule">
      <Icon name="rules" />
      <span className="visually-hidden">{callTexts.rules.fired} </span>
      <bdi>{name}</bdi>
    </p>
  ));
}
