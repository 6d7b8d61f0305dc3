import { memo } from 'react';
import { adminTexts } from '../../texts/admin.js';
import { momentText, secondText, wholeMomentText } from '../../ui/format.js';
import { type Difference, differencesOf } from './audit-change.js';
import { TenantTag } from '../../ui/tenant-tag.js';

const texts = adminTexts.audit;

export interface AuditEntry {
  readonly id: string;
  readonly at: string;
  readonly by: string;
  /** The name of the token that did it, and of the one that was changed; null: there is none. */
  readonly byName: string | null;
  readonly targetName: string | null;
  readonly action: string;
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly requestId: string | null;
  readonly tenants: readonly string[];
}

export const AuditRow = memo(function AuditRow({ entry }: { readonly entry: AuditEntry }) {
  const { at, by, byName, action, target, targetName, before, after, requestId, tenants } = entry;
  return (
    <tr title={requestId === null ? undefined : texts.request(requestId)}>
      <td data-label={texts.columns.at} className="muted numeric audit-at">
        <time dateTime={at} title={wholeMomentText(at)}>
          {secondText(at)}
        </time>
      </td>
      <th scope="row" className="audit-what">
        {texts.actions[action] ?? action}
      </th>
      <td data-label={texts.columns.target}>
        <span className="row-tags">
          {tenants.map((tenant) => (
            <TenantTag key={tenant} tenant={tenant} />
          ))}
          {!tenants.includes(target) && (
            <bdi className={targetName === null ? 'audit-id' : undefined} title={target}>
              {targetName ?? shortened(target)}
            </bdi>
          )}
        </span>
      </td>
      <td data-label={texts.columns.change} className="audit-change">
        <Changes differences={differencesOf(before, after)} />
      </td>
      <td data-label={texts.columns.by} className={byName === null ? 'audit-id muted' : 'muted'} title={by}>
        {byName ?? shortened(by)}
      </td>
    </tr>
  );
});

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

/** A generated id says nothing to people: shows enough of it to tell it from another. */
function shortened(text: string): string {
  return text.replace(/\b([0-9a-f]{8})-[0-9a-f-]{27}\b/g, '$1…');
}

const MOMENT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

function shownValue(text: string): string {
  return MOMENT.test(text) ? momentText(text) : shortened(text);
}
