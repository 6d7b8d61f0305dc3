import { useState } from 'react';
import { cookieClient } from '../../api/client.js';
import { asFault } from '../../api/problem.js';
import { useWrite } from '../../session/use-write.js';
import { adminTexts } from '../../texts/admin.js';
import { CopyButton } from '../../ui/copy-button.js';
import { DialogChoice } from '../../ui/dialog-choice.js';
import { Dialog } from '../../ui/dialog.js';
import { momentText } from '../../ui/format.js';
import { path } from '../../api/path.js';

const texts = adminTexts.link;

interface Props {
  /** Null: for an operator. */
  readonly tenant: { readonly tenant: string; readonly name: string } | null;
  readonly onClose: () => void;
}

interface Link {
  readonly url: string;
  readonly expiresAt: string;
}

export function SignInLinkDialog({ tenant, onClose }: Props) {
  const { write, prompt } = useWrite();
  const [ttl, setTtl] = useState<keyof typeof texts.times>('24h');
  const [link, setLink] = useState<Link>();
  const [failure, setFailure] = useState<string>();
  const make = () => {
    const url = tenant === null ? '/v1/admin/sign-in-links' : path`/v1/admin/tenants/${tenant.tenant}/sign-in-links`;
    write(() => cookieClient.send<Link>('POST', url, { ttl })).then(setLink, (error: unknown) =>
      setFailure(asFault(error).message),
    );
  };
  return (
    <Dialog title={texts.title(tenant?.name ?? texts.you)} onClose={onClose}>
      {link === undefined ? (
        <>
          <p className="dialog-text">{texts.text}</p>
          <DialogChoice legend={texts.works} name="ttl" texts={texts.times} value={ttl} onChange={setTtl} />
        </>
      ) : (
        <div role="status">
          <p className="dialog-text">{texts.until(momentText(link.expiresAt))}</p>
          <div className="secret dialog-field">
            <code className="secret-text">{link.url}</code>
            <CopyButton text={link.url} label={texts.copy} />
          </div>
        </div>
      )}
      <p className="field-error" role="alert">
        {failure}
      </p>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          {link === undefined ? adminTexts.cancel : texts.done}
        </button>
        {link === undefined && (
          <button type="button" className="button button-primary" onClick={make}>
            {texts.make}
          </button>
        )}
      </div>
      {prompt}
    </Dialog>
  );
}
