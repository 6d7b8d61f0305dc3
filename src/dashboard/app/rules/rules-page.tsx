import { useCallback, useState } from 'react';
import { Link } from 'wouter';
import { asFault } from '../api/problem.js';
import { useWrite } from '../session/use-write.js';
import { PageHeading } from '../shell/page-heading.js';
import { useLoaded } from '../stream/use-loaded.js';
import { ruleTexts as texts } from '../texts/rules.js';
import { Confirm } from '../ui/confirm.js';
import { Empty, Failed, Loading } from '../ui/states.js';
import { useWorkspace } from '../workspace/workspace.js';
import { conditionInWords } from './in-words.js';
import { RuleForm } from './rule-form.js';
import { RuleTable } from './rule-table.js';
import { type Rule, type RuleDraft, type RulePlace, type Template, listRules } from './rules.js';
import '../styles/stack-table.css';
import '../styles/rules.css';

/** A customer's own rules. */
export default function RulesPage() {
  const { client, me } = useWorkspace();
  if (me.scopes.includes('rules:write'))
    return (
      <Rules
        title={texts.title}
        place={{
          client,
          path: '/v1/rules',
          agents: me.agents,
          webhooksHref: '/webhooks?types=rule.fired',
          callHref: (call) => `/calls/${encodeURIComponent(call)}`,
          callsHref: (rule) => `/calls?rule=${rule}`,
        }}
      />
    );
  return (
    <>
      <PageHeading title={texts.title} />
      <section className="card">
        <Empty title={texts.notAllowed}>{texts.notAllowedHint}</Empty>
      </section>
    </>
  );
}

type Edited = Rule | RuleDraft | 'new' | null;

/** Somebody's rules: the list, one that is being written, and those that are ready to be switched on. */
export function Rules({ title, place }: { readonly title: string; readonly place: RulePlace }) {
  const { client, path } = place;
  const { write, prompt } = useWrite();
  const load = useCallback((signal: AbortSignal) => listRules({ client, path }, signal), [client, path]);
  const loadReady = useCallback(
    (signal: AbortSignal) => client.get<{ templates: readonly Template[] }>('/v1/rules/templates', {}, signal),
    [client],
  );
  const { value: rules, fault, reload } = useLoaded(load);
  const ready = useLoaded(loadReady).value?.templates ?? [];
  const [edited, setEdited] = useState<Edited>(null);
  const [deleted, setDeleted] = useState<Rule | null>(null);
  const [failure, setFailure] = useState<string>();
  const act = (change: () => Promise<unknown>) => {
    setFailure(undefined);
    write(change).then(reload, (error: unknown) => setFailure(asFault(error).message));
  };
  const left = ready.filter(({ name }) => rules?.every((rule) => rule.name !== name));
  return (
    <div className="rules">
      <PageHeading title={title}>
        <div className="page-heading-end">
          <Link href={place.webhooksHref} className="button">
            {texts.webhookLink}
          </Link>
          {edited === null && (
            <button type="button" className="button button-primary" onClick={() => setEdited('new')}>
              {texts.create}
            </button>
          )}
        </div>
      </PageHeading>
      <p className="muted">{texts.lead}</p>
      <p className="field-error" role="alert">
        {failure}
      </p>
      {edited !== null && (
        <RuleForm
          place={place}
          known={edited === 'new' ? null : edited}
          write={write}
          onSaved={() => (setEdited(null), reload())}
          onCancel={() => setEdited(null)}
        />
      )}
      <section className="card">
        {fault && <Failed fault={fault} onRetry={reload} />}
        {!fault && rules === undefined && <Loading />}
        {rules?.length === 0 && <Empty title={texts.empty}>{texts.emptyHint}</Empty>}
        {rules !== undefined && rules.length > 0 && (
          <RuleTable
            rules={rules}
            place={place}
            onSwitch={({ id, enabled }) => act(() => client.send('PATCH', `${path}/${id}`, { enabled: !enabled }))}
            onEdit={setEdited}
            onDelete={setDeleted}
          />
        )}
      </section>
      {left.length > 0 && (
        <section className="card ready" aria-labelledby="ready">
          <h2 id="ready" className="chart-title">
            {texts.ready}
          </h2>
          <p className="muted">{texts.readyHint}</p>
          <ul className="ready-list">
            {left.map(({ id, ...rule }) => (
              <li key={id} className="ready-one">
                <div>
                  <h3>{rule.name}</h3>
                  <p className="muted">{conditionInWords(rule.when)}</p>
                </div>
                <div className="row-buttons">
                  <button type="button" className="button button-small" onClick={() => setEdited(rule)}>
                    {texts.customise}
                  </button>
                  <button
                    type="button"
                    className="button button-small"
                    aria-label={`${texts.switchOn}: ${rule.name}`}
                    onClick={() => act(() => client.send('POST', path, rule))}
                  >
                    {texts.switchOn}
                  </button>
                </div>
              </li>
            ))}
          </ul>
        </section>
      )}
      {deleted && (
        <Confirm
          title={texts.deleteTitle(deleted.name)}
          action={texts.delete}
          onConfirm={async () => {
            await write(() => client.send('DELETE', `${path}/${deleted.id}`));
            reload();
          }}
          onClose={() => setDeleted(null)}
        >
          {texts.deleteText}
        </Confirm>
      )}
      {prompt}
    </div>
  );
}
