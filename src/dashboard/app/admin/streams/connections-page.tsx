import { useCallback, useState } from 'react';
import { cookieClient } from '../../api/client.js';
import { useWrite } from '../../session/use-write.js';
import { PageHeading } from '../../shell/page-heading.js';
import { adminTexts } from '../../texts/admin.js';
import { useSeconds } from '../../common/clock.js';
import { Confirm } from '../../ui/confirm.js';
import { clockText, countText, spokenLength, wholeMomentText } from '../../ui/format.js';
import { Empty, Failed, Loading } from '../../ui/states.js';
import { useLoaded } from '../../stream/use-loaded.js';
import { path } from '../../api/path.js';
import { TenantTag } from '../../ui/tenant-tag.js';
import { useEvery } from '../../ui/use-every.js';
import '../../styles/streams.css';

const texts = adminTexts.connections;
/** The list is gathered from every process: often enough to watch it, seldom enough to cost nothing. */
const REFRESH_MS = 3000;

interface Connection {
  readonly id: string;
  readonly tenant: string | null;
  readonly view: boolean;
  readonly since: string;
  readonly remoteAddress: string | null;
  readonly userAgent: string | null;
  readonly agents: readonly string[] | null;
  readonly calls: readonly string[] | null;
  readonly lag: number;
  readonly queuedBytes: number;
}

const listConnections = (signal: AbortSignal) =>
  cookieClient.get<{ connections: Connection[] }>('/v1/admin/connections', {}, signal);

export default function ConnectionsPage() {
  const { value, fault, reload } = useLoaded(listConnections);
  useEvery(REFRESH_MS, reload);
  const connections = value?.connections;
  return (
    <div className="admin">
      <PageHeading title={texts.title}>
        {connections && <p className="count-tag numeric">{texts.count(connections.length)}</p>}
      </PageHeading>
      <section className="card" aria-label={texts.caption}>
        {fault && <Failed fault={fault} onRetry={reload} />}
        {!fault && connections === undefined && <Loading />}
        {!fault && connections?.length === 0 && <Empty title={texts.empty}>{texts.emptyHint}</Empty>}
        {!fault && connections !== undefined && connections.length > 0 && (
          <ConnectionTable connections={connections} onEnded={reload} />
        )}
      </section>
    </div>
  );
}

interface TableProps {
  readonly connections: readonly Connection[];
  readonly onEnded: () => void;
}

function ConnectionTable({ connections, onEnded }: TableProps) {
  const { write, prompt } = useWrite();
  const [asked, setAsked] = useState<Connection | null>(null);
  const close = useCallback(() => setAsked(null), []);
  const end = async ({ id }: Connection) => {
    await write(() => cookieClient.send('DELETE', path`/v1/admin/connections/${id}`)).catch((error: unknown) => {
      // It has ended by itself, which is what was wanted.
      if ((error as { slug?: unknown }).slug !== 'not-found') throw error;
    });
    onEnded();
  };
  return (
    <>
      <table className="table stack-table">
        <caption className="visually-hidden">{texts.caption}</caption>
        <thead>
          <tr>
            {(['who', 'since', 'from', 'reads', 'lag', 'queued'] as const).map((column) => (
              <th key={column} scope="col">
                {texts.columns[column]}
              </th>
            ))}
            <th scope="col">
              <span className="visually-hidden">{texts.columns.action}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {connections.map((one) => (
            <ConnectionRow key={one.id} one={one} onEnd={() => setAsked(one)} />
          ))}
        </tbody>
      </table>
      {asked && (
        <Confirm title={texts.endTitle} action={texts.end} onConfirm={() => end(asked)} onClose={close}>
          {texts.endText}
        </Confirm>
      )}
      {prompt}
    </>
  );
}

function ConnectionRow({ one, onEnd }: { readonly one: Connection; readonly onEnd: () => void }) {
  const { tenant, view, since, lag, queuedBytes, userAgent } = one;
  const seconds = useSeconds() - Date.parse(since) / 1000;
  const reads = [...(one.agents ?? []), ...(one.calls ?? [])];
  return (
    <tr>
      <th scope="row">
        <span className="row-tags">
          {tenant === null ? <span className="tag">{adminTexts.platform}</span> : <TenantTag tenant={tenant} />}
          {view && <span className="tag tag-view">{texts.view}</span>}
        </span>
      </th>
      <td data-label={texts.columns.since} className="numeric">
        <time dateTime={since} title={wholeMomentText(since)} aria-label={spokenLength(seconds)}>
          {clockText(seconds)}
        </time>
      </td>
      <td data-label={texts.columns.from}>
        <span className="from" title={userAgent ?? undefined}>
          <span className="numeric">{one.remoteAddress ?? texts.unknown}</span>
          <span className="muted from-agent">{agentName(userAgent)}</span>
        </span>
      </td>
      <td data-label={texts.columns.reads} className="muted cell-names">
        {reads.length === 0 ? texts.everything : reads.join(', ')}
      </td>
      <td data-label={texts.columns.lag} className="numeric">
        {lag === 0 ? (
          <span className="tag tag-good">{texts.live}</span>
        ) : (
          <span className="tag tag-warn">{texts.behind(countText(lag))}</span>
        )}
      </td>
      <td data-label={texts.columns.queued} className="numeric muted">
        {bytesText(queuedBytes)}
      </td>
      <td className="cell-end">
        <button
          type="button"
          className="button button-small button-quiet-danger"
          aria-label={texts.endLabel(tenant ?? adminTexts.platform)}
          onClick={onEnd}
        >
          {texts.end}
        </button>
      </td>
    </tr>
  );
}

function bytesText(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${countText(Math.round(bytes / 1024))} KiB`;
}

/** A browser also names the browsers that it resembles: the first of these that is present is its own. */
const CLIENTS = ['Firefox', 'Edg', 'OPR', 'Chrome', 'Safari', 'curl', 'undici', 'node', 'python', 'Go-http-client'];

/** The word that distinguishes one client from another, from all that it says about itself. */
function agentName(userAgent: string | null): string {
  if (userAgent === null) return '';
  return CLIENTS.find((name) => userAgent.includes(name)) ?? userAgent.slice(0, 24);
}
