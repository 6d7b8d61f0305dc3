import { useCallback } from 'react';
import { cookieClient } from '../../api/client.js';
import { adminTexts } from '../../texts/admin.js';
import { Dialog } from '../../ui/dialog.js';
import { momentText } from '../../ui/format.js';
import { Failed, Loading } from '../../ui/states.js';
import { useLoaded } from '../../stream/use-loaded.js';
import { path } from '../../api/path.js';
import { TenantTag } from '../../ui/tenant-tag.js';

const texts = adminTexts.agents;

interface Span {
  readonly tenant: string;
  readonly since: string;
  readonly until: string | null;
}

interface Props {
  readonly agent: string;
  readonly onClose: () => void;
}

export function HistoryDialog({ agent, onClose }: Props) {
  const load = useCallback(
    (signal: AbortSignal) =>
      cookieClient.get<{ owners: Span[] }>(path`/v1/admin/agents/${agent}/owners`, {}, signal).catch(emptyWhereUnknown),
    [agent],
  );
  const { value, fault, reload } = useLoaded(load);
  return (
    <Dialog title={texts.historyTitle(agent)} onClose={onClose}>
      {fault && <Failed fault={fault} onRetry={reload} />}
      {!fault && value === undefined && <Loading />}
      {value?.owners.length === 0 && <p className="dialog-text">{texts.historyEmpty}</p>}
      <ol className="history">
        {value?.owners.map(({ tenant, since, until }) => (
          <li key={since} className="history-span">
            <TenantTag tenant={tenant} />
            <span className="muted numeric">
              <time dateTime={since}>{momentText(since)}</time> –{' '}
              {until === null ? texts.now : <time dateTime={until}>{momentText(until)}</time>}
            </span>
          </li>
        ))}
      </ol>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          {adminTexts.close}
        </button>
      </div>
    </Dialog>
  );
}

function emptyWhereUnknown(error: unknown): { owners: Span[] } {
  if ((error as { slug?: unknown }).slug === 'agent-not-found') return { owners: [] };
  throw error;
}
