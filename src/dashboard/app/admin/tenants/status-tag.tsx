import { adminTexts } from '../../texts/admin.js';

export function StatusTag({ status }: { readonly status: string }) {
  return (
    <span className={status === 'active' ? 'tag tag-good' : 'tag tag-bad'}>
      {adminTexts.tenants.status[status] ?? status}
    </span>
  );
}
