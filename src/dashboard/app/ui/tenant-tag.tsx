import { memo, useContext } from 'react';
import { adminTexts } from '../texts/admin.js';
import { TenantNames } from './tenant-names.js';

/** Colours that tell customers apart at a glance; the name always stands beside them. */
const HUES = 12;

export const TenantTag = memo(function TenantTag({ tenant }: { readonly tenant: string | null }) {
  const nameOf = useContext(TenantNames);
  if (tenant === null) return <span className="tenant-tag tenant-nobody">{adminTexts.nobody}</span>;
  return (
    <span className={`tenant-tag ${hueClass(tenant)}`} title={tenant}>
      <bdi>{nameOf(tenant)}</bdi>
    </span>
  );
});

/** The class that gives a customer's colour; null: nobody's. */
export function hueClass(tenant: string | null): string {
  if (tenant === null) return 'hue-none';
  return `hue-${[...tenant].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973, 7) % HUES}`;
}
