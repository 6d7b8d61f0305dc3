import { Link } from 'wouter';
import { ruleTexts as texts } from '../texts/rules.js';
import { conditionInWords } from './in-words.js';
import type { Rule, RulePlace } from './rules.js';

const { columns } = texts;

interface Props {
  readonly rules: readonly Rule[];
  readonly place: RulePlace;
  readonly onSwitch: (rule: Rule) => void;
  readonly onEdit: (rule: Rule) => void;
  readonly onDelete: (rule: Rule) => void;
}

export function RuleTable({ rules, place, onSwitch, onEdit, onDelete }: Props) {
  return (
    <table className="table stack-table rules-table">
      <caption className="visually-hidden">{texts.caption}</caption>
      <thead>
        <tr>
          {(['name', 'when', 'agents', 'on', 'action'] as const).map((column) => (
            <th key={column} scope="col">
              {columns[column]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rules.map((rule) => (
          <tr key={rule.id}>
            <th scope="row">
              <bdi>{rule.name}</bdi>
            </th>
            <td className="rule-when">
              {conditionInWords(rule.when)}
              <span className="muted">, {rule.once === 'call' ? texts.oncePerCall : texts.eachTime}</span>
            </td>
            <td data-label={columns.agents} className="muted cell-names">
              {rule.agents?.join(', ') ?? texts.allAgents}
            </td>
            <td data-label={columns.on}>
              <input
                type="checkbox"
                role="switch"
                aria-label={texts.switchOf(rule.name)}
                checked={rule.enabled}
                onChange={() => onSwitch(rule)}
              />
            </td>
            <td className="cell-end">
              <span className="row-buttons">
                <Link
                  href={place.callsHref(rule.id)}
                  className="button button-small"
                  aria-label={texts.callsOf(rule.name)}
                >
                  {texts.calls}
                </Link>
                <button
                  type="button"
                  className="button button-small"
                  aria-label={`${texts.edit} ${rule.name}`}
                  onClick={() => onEdit(rule)}
                >
                  {texts.edit}
                </button>
                <button
                  type="button"
                  className="button button-small button-quiet-danger"
                  aria-label={`${texts.delete} ${rule.name}`}
                  onClick={() => onDelete(rule)}
                >
                  {texts.delete}
                </button>
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
