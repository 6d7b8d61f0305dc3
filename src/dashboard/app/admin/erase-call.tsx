import { useState } from 'react';
import { useLocation } from 'wouter';
import { cookieClient, withQuery } from '../api/client.js';
import { path } from '../api/path.js';
import { useWrite } from '../session/use-write.js';
import { adminTexts } from '../texts/admin.js';
import { Confirm } from '../ui/confirm.js';
import { namingIn } from '../workspace/reach.js';

const texts = adminTexts.calls;

/** Erases what was said in a call, for ever. */
export function EraseCall({ callKey }: { readonly callKey: string }) {
  const { write, prompt } = useWrite();
  const [isAsking, setIsAsking] = useState(false);
  const [, navigate] = useLocation();
  const { callId, tenant } = namingIn({ showsTenant: true }, callKey);
  const whose = tenant === null ? { unassigned: 'true' } : { tenant };
  const erase = async () => {
    await write(() => cookieClient.send('DELETE', withQuery(path`/v1/admin/calls/${callId}`, whose)));
    navigate('/calls');
  };
  return (
    <>
      <button type="button" className="button button-quiet-danger" onClick={() => setIsAsking(true)}>
        {texts.erase}
      </button>
      {isAsking && (
        <Confirm title={texts.eraseTitle} action={texts.erase} onConfirm={erase} onClose={() => setIsAsking(false)}>
          {texts.eraseText}
        </Confirm>
      )}
      {prompt}
    </>
  );
}
