import { Link } from 'wouter';
import { reasonText } from '../calls/call-facts.js';
import { CallPanel } from '../calls/call-panel.js';
import type { CallRecord } from '../calls/call-record.js';
import { useCallRecord } from '../calls/use-call-record.js';
import { useStore } from '../common/store.js';
import { callTexts } from '../texts/calls.js';
import { Icon } from '../ui/icons.js';
import { Failed, Loading } from '../ui/states.js';
import { TenantTag } from '../ui/tenant-tag.js';
import { useWorkspace } from '../workspace/workspace.js';
import { DeskPlace } from './desk/desk-place.js';
import { pins, togglePin } from './pins.js';

interface Props {
  readonly callKey: string;
  readonly isFollowing: boolean;
}

/** The call that is watched: whose, who, for how long, and every word. */
export function LivePanel({ callKey, isFollowing }: Props) {
  const record = useCallRecord(callKey);
  return record === null ? <Loading /> : <Panel callKey={callKey} record={record} isFollowing={isFollowing} />;
}

function Panel({ callKey, record, isFollowing }: Props & { readonly record: CallRecord }) {
  const { showsTenant } = useWorkspace();
  const { view, live, fault, tenant, earlier } = useStore(record.state);
  if (view === undefined) return fault ? <Failed fault={fault} onRetry={() => void record.load()} /> : <Loading />;
  const farewell = (
    <>
      {callTexts.live.gone}: {reasonText(view.reason)}.{' '}
      <Link href={`/calls/${encodeURIComponent(callKey)}`}>{callTexts.live.openRecord}</Link>
    </>
  );
  return (
    <CallPanel
      view={view}
      live={live}
      isFollowing={isFollowing}
      farewell={farewell}
      desk={<DeskPlace view={view} record={record} isFollowing={isFollowing} />}
      tools={<PinButton callKey={callKey} />}
      owner={showsTenant && <TenantTag tenant={tenant} />}
      onEarlier={earlier === null ? null : () => void record.showEarlier()}
    />
  );
}

function PinButton({ callKey }: { readonly callKey: string }) {
  const isPinned = useStore(pins).includes(callKey);
  return (
    <button type="button" className="button button-small" aria-pressed={isPinned} onClick={() => togglePin(callKey)}>
      <Icon name="pin" />
      {isPinned ? callTexts.live.unpin : callTexts.live.pin}
    </button>
  );
}
