import { useRef, useState } from 'react';
import { useStore } from '../common/store.js';
import { PageHeading } from '../shell/page-heading.js';
import { callTexts } from '../texts/calls.js';
import { countText, lengthText, wholeMomentText } from '../ui/format.js';
import { Dialog } from '../ui/dialog.js';
import { Empty, Failed, Loading } from '../ui/states.js';
import { useKeys } from '../ui/use-keys.js';
import { useWorkspace } from '../workspace/workspace.js';
import { columns } from './call-columns.js';
import { CallFilters } from './call-filters.js';
import { NOTHING, addressOf, useCallSearch } from './call-search.js';
import { CallTable } from './call-table.js';
import { ListTools } from './list-tools.js';
import { type FoundCall, useCallList } from './use-call-list.js';
import '../styles/calls.css';
import '../styles/filters.css';
import '../styles/call-list.css';

const texts = callTexts.list;

/** Calls as they are searched for: one customer's, or everybody's. */
export function CallsPage() {
  const { showsTenant } = useWorkspace();
  const [search, change] = useCallSearch();
  const list = useCallList(search);
  const shown = useStore(columns).filter((column) => column !== 'tenant' || showsTenant);
  const page = useRef<HTMLDivElement>(null);
  const isHelped = useRowKeys(page);
  const { calls } = list;
  return (
    <div ref={page}>
      <PageHeading title={texts.title}>
        <p className="muted numeric" role="status">
          {calls && totalsOf(calls, list.hasMore)}
        </p>
        <ListTools search={search} onChange={change} columns={shown} />
      </PageHeading>
      <CallFilters search={search} onChange={change} />
      <section className="card call-list" aria-busy={list.isLoading}>
        {calls === undefined && !list.fault && <Loading />}
        {list.fault && <Failed fault={list.fault} onRetry={list.reload} />}
        {calls?.length === 0 && !list.hasMore && !list.fault && (
          <NoCalls isNarrowed={addressOf(search) !== ''} onClear={() => change(NOTHING)} />
        )}
        {calls !== undefined && calls.length > 0 && <CallTable calls={calls} columns={shown} sort={search.sort} />}
        {list.hasMore && (
          <div className="call-list-more">
            {list.searchedSince && <p className="muted">{texts.searchedSince(wholeMomentText(list.searchedSince))}</p>}
            <button type="button" className="button" disabled={list.isLoading} onClick={list.more}>
              {list.searchedSince ? texts.searchOn : texts.more}
            </button>
          </div>
        )}
      </section>
      {isHelped.get && <KeyHelp onClose={() => isHelped.set(false)} />}
    </div>
  );
}

/** How many there are, and how long they were together. */
function totalsOf(calls: readonly FoundCall[], hasMore: boolean): string {
  const seconds = calls.reduce((sum, { duration }) => sum + (duration ?? 0), 0);
  const count = texts.found(countText(calls.length), calls.length, hasMore);
  return seconds === 0 ? count : `${count}, ${lengthText(seconds)}`;
}

/** `j` and `k` go down and up the rows, `/` to the search, `?` says so. Enter opens a row as it opens every link. */
function useRowKeys(page: React.RefObject<HTMLElement | null>) {
  const [isHelped, setIsHelped] = useState(false);
  const go = (step: 1 | -1) => {
    const rows = [...(page.current?.querySelectorAll<HTMLElement>('.row-link') ?? [])];
    const at = rows.findIndex((row) => row === document.activeElement);
    const next = at < 0 ? rows[step === 1 ? 0 : rows.length - 1] : rows[at + step];
    next?.focus();
    next?.scrollIntoView({ block: 'nearest' });
  };
  useKeys({
    j: () => go(1),
    k: () => go(-1),
    '/': () => page.current?.querySelector<HTMLElement>('input[type=search]')?.focus(),
    '?': () => setIsHelped(true),
  });
  return { get: isHelped, set: setIsHelped };
}

function KeyHelp({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title={texts.keys} onClose={onClose}>
      <dl className="key-list">
        {Object.entries(texts.keyNames).map(([key, does]) => (
          <div key={key} className="key-one">
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          {texts.close}
        </button>
      </div>
    </Dialog>
  );
}

function NoCalls({ isNarrowed, onClear }: { readonly isNarrowed: boolean; readonly onClear: () => void }) {
  if (!isNarrowed) return <Empty title={texts.empty}>{texts.emptyHint}</Empty>;
  return (
    <Empty title={texts.noneFound}>
      <p>{texts.noneFoundHint}</p>
      <button type="button" className="button state-button" onClick={onClear}>
        {texts.clear}
      </button>
    </Empty>
  );
}
