import { Link } from 'wouter';
import { operatorTexts } from '../texts/operator.js';
import { namingIn } from '../workspace/reach.js';
import { EraseCall } from './erase-call.js';

/** What an operator does with a call. */
export function CallActions({ callKey }: { readonly callKey: string }) {
  const { callId, tenant } = namingIn({ showsTenant: true }, callKey);
  const query = new URLSearchParams({ ...(typeof tenant === 'string' && { tenant }), of: callId }).toString();
  return (
    <>
      <Link href={`/explain?${query}`} className="button">
        {operatorTexts.explain.call}
      </Link>
      <EraseCall callKey={callKey} />
    </>
  );
}
