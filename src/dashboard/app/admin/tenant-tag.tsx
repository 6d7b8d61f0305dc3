import { memo } from 'react';
import { adminTexts } from '../texts/admin.js';

/** Colours that tell customers apart at a glance; the name always stands beside them. */
const HUES = 12;

export const TenantTag = memo(function TenantTag({ tenant }: { readonly tenant: string | null }) {
  if (tenant === null) return <span className="tenant-tag tenant-nobody">{adminTexts.nobody}</span>;
  return (
    <span className={`tenant-tag hue-${hueOf(tenant)}`}>
      <bdi>{tenant}</bdi>
    </span>
  );
});

export function hueOf(tenant: string): number {
  return [...tenant].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973, 7) % HUES;
}
