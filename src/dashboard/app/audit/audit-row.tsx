import { adminTexts } from '../texts/admin.js';
import { auditTexts as texts } from '../texts/audit.js';
import { momentText, secondText, wholeMomentText } from '../ui/format.js';
import { TenantTag } from '../ui/tenant-tag.js';
import { type Difference, differencesOf } from './audit-change.js';
import { type AuditEntry, actionText, actorText, shortened, targetText } from './audit-entry.js';
import type { AuditSearch } from './audit-search.js';

interface Props {
  readonly entry: AuditEntry;
  readonly nameOf: (tenant: string) => string;
  /** Narrows the list; `actor`: how the row calls the actor that was clicked. */
  readonly onNarrow: (change: Partial<AuditSearch>, actor?: string) => void;
}

export function AuditRow({ entry, nameOf, onNarrow }: Props) {
  const { at, by, action, target, before, after, requestId, tenants = [] } = entry;
  const actor = actorText(entry);
  return (
    <tr title={requestId === null ? undefined : texts.request(requestId)}>
      <td data-label={texts.columns.at} className="muted numeric audit-at">
        <time dateTime={at} title={wholeMomentText(at)}>
          {secondText(at)}
        </time>
      </td>
      <th scope="row" className="audit-what">
        {actionText(action)}
      </th>
      <td data-label={texts.columns.target}>
        <span className="row-tags">
          {tenants.map((tenant) => (
            <TenantTag key={tenant} tenant={tenant} />
          ))}
          {!tenants.includes(target) && (
            <button
              type="button"
              className="audit-narrow"
              title={texts.narrowTarget(target)}
              onClick={() => onNarrow({ target })}
            >
              <bdi>{targetText(entry, nameOf)}</bdi>
            </button>
          )}
        </span>
      </td>
      <td data-label={texts.columns.change} className="audit-change">
        <Changes differences={differencesOf(before, after)} />
      </td>
      <td data-label={texts.columns.by}>
        <button
          type="button"
          className="audit-narrow muted"
          title={texts.narrowBy(by)}
          onClick={() => onNarrow({ by }, actor)}
        >
          <bdi>{actor}</bdi>
        </button>
      </td>
    </tr>
  );
}

function Changes({ differences }: { readonly differences: readonly Difference[] }) {
  return (
    <dl className="changes">
      {differences.map(({ name, before, after }) => (
        <div key={name} className="change">
          <dt className="muted">{memberName(name)}</dt>
          <dd>
            {before !== undefined && (
              <del>
                <span className="visually-hidden">{texts.was} </span>
                {shownValue(before)}
              </del>
            )}{' '}
            {after !== undefined && (
              <ins>
                <span className="visually-hidden">{texts.became} </span>
                {shownValue(after)}
              </ins>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** `limits.streams` is named as on the customer's own page. */
function memberName(name: string): string {
  const limits: Readonly<Record<string, string>> = adminTexts.tenants.limits;
  return texts.members[name] ?? limits[name.replace('limits.', '')] ?? name;
}

const MOMENT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

function shownValue(text: string): string {
  return MOMENT.test(text) ? momentText(text) : shortened(text);
}
