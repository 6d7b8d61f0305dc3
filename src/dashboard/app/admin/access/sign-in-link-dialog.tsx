import { useId, useState } from 'react';
import { cookieClient } from '../../api/client.js';
import { asFault } from '../../api/problem.js';
import { useWrite } from '../../session/use-write.js';
import { adminTexts } from '../../texts/admin.js';
import { peopleTexts } from '../../texts/people.js';
import { CopyButton } from '../../ui/copy-button.js';
import { DialogChoice } from '../../ui/dialog-choice.js';
import { Dialog } from '../../ui/dialog.js';
import { momentText } from '../../ui/format.js';
import { path } from '../../api/path.js';
import type { Person } from '../platform.js';

const texts = adminTexts.link;

interface Props {
  /** Null: for an operator. */
  readonly tenant: { readonly tenant: string; readonly name: string } | null;
  /** Absent: whom it is for is asked. */
  readonly person?: Pick<Person, 'name' | 'email' | 'canMail'>;
  /** One that was made already; absent: it is made here. */
  readonly link?: NewLink;
  readonly onClose: () => void;
}

export interface NewLink {
  readonly url: string;
  readonly expiresAt: string;
  /** Only where it was to be mailed. */
  readonly mailed?: boolean;
}

export function SignInLinkDialog({ tenant, person, link: given, onClose }: Props) {
  const { write, prompt } = useWrite();
  const [ttl, setTtl] = useState<keyof typeof texts.times>('24h');
  const [name, setName] = useState(person?.name ?? '');
  const [email, setEmail] = useState('');
  const [mail, setMail] = useState(false);
  const [link, setLink] = useState(given);
  const [failure, setFailure] = useState<string>();
  const make = () => {
    const url = tenant === null ? '/v1/admin/sign-in-links' : path`/v1/admin/tenants/${tenant.tenant}/sign-in-links`;
    const body = { ttl, ...(tenant !== null && forPerson(name, email)), ...(mail && { mail }) };
    setFailure(undefined);
    write(() => cookieClient.send<NewLink>('POST', url, body)).then(setLink, (error: unknown) =>
      setFailure(asFault(error).message),
    );
  };
  return (
    <Dialog title={texts.title(person?.name ?? tenant?.name ?? texts.you)} onClose={onClose}>
      {link === undefined ? (
        <>
          <p className="dialog-text">{texts.text}</p>
          {tenant !== null && person === undefined && (
            <>
              <Line label={peopleTexts.personName} hint={peopleTexts.personHint} value={name} onChange={setName} />
              {name.trim() !== '' && <Line label={peopleTexts.email} type="email" value={email} onChange={setEmail} />}
            </>
          )}
          {person?.canMail && person.email !== null && (
            <label className="check dialog-field">
              <input type="checkbox" checked={mail} onChange={(event) => setMail(event.currentTarget.checked)} />
              <span>{peopleTexts.mail(person.email)}</span>
            </label>
          )}
          <DialogChoice legend={texts.works} name="ttl" texts={texts.times} value={ttl} onChange={setTtl} />
        </>
      ) : (
        <div role="status">
          <p className="dialog-text">{texts.until(momentText(link.expiresAt))}</p>
          {link.mailed !== undefined && (
            <p className="dialog-text">{link.mailed ? peopleTexts.mailed : peopleTexts.notMailed}</p>
          )}
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

function forPerson(name: string, email: string): { for?: string; email?: string } {
  if (name.trim() === '') return {};
  return { for: name.trim(), ...(email.trim() !== '' && { email: email.trim() }) };
}

interface LineProps {
  readonly label: string;
  readonly hint?: string;
  readonly type?: 'text' | 'email';
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function Line({ label, hint, type = 'text', value, onChange }: LineProps) {
  const id = useId();
  return (
    <div className="dialog-field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        type={type}
        className="input"
        autoComplete="off"
        maxLength={type === 'email' ? 254 : 100}
        value={value}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      {hint !== undefined && (
        <p id={`${id}-hint`} className="field-hint">
          {hint}
        </p>
      )}
    </div>
  );
}
