import { useCallback, useState } from 'react';
import { cookieClient } from '../../api/client.js';
import { path } from '../../api/path.js';
import { asFault } from '../../api/problem.js';
import { useWrite } from '../../session/use-write.js';
import { useLoaded } from '../../stream/use-loaded.js';
import { peopleTexts as texts } from '../../texts/people.js';
import { momentText } from '../../ui/format.js';
import { type NewLink, SignInLinkDialog } from '../access/sign-in-link-dialog.js';
import type { LinkRequest, Tenant } from '../platform.js';

interface Props {
  readonly tenant: Tenant;
  /** A link was made. */
  readonly onChanged: () => void;
}

/** Who of a customer has asked for a new link: one click makes it. Nothing where nobody has. */
export function LinkRequests({ tenant, onChanged }: Props) {
  const place = path`/v1/admin/tenants/${tenant.tenant}`;
  const load = useCallback(
    (signal: AbortSignal) => cookieClient.get<{ requests: LinkRequest[] }>(`${place}/link-requests`, {}, signal),
    [place],
  );
  const { value, reload } = useLoaded(load);
  const { write, prompt } = useWrite();
  const [made, setMade] = useState<{ readonly person: string | null; readonly link: NewLink } | null>(null);
  const [failure, setFailure] = useState<string>();
  const act = (work: () => Promise<unknown>) => {
    setFailure(undefined);
    write(work).then(reload, (error: unknown) => setFailure(asFault(error).message));
  };
  const make = async (person: string | null) => {
    const body = { ttl: '24h', ...(person !== null && { for: person }) };
    setMade({ person, link: await cookieClient.send<NewLink>('POST', `${place}/sign-in-links`, body) });
  };
  const close = () => {
    setMade(null);
    onChanged();
  };
  if (value === undefined || (value.requests.length === 0 && made === null)) return null;
  return (
    <div className="section-text">
      <h3 className="section-title">{texts.requests}</h3>
      <ul className="concerns">
        {value.requests.map((request) => (
          <RequestRow
            key={request.id}
            request={request}
            onMake={() => act(() => make(request.person))}
            onDismiss={() => act(() => cookieClient.send('DELETE', `${place}/link-requests/${request.id}`))}
          />
        ))}
      </ul>
      <p className="field-error" role="alert">
        {failure}
      </p>
      {made !== null && (
        <SignInLinkDialog
          tenant={tenant}
          {...(made.person !== null && { person: { name: made.person, email: null, canMail: false } })}
          link={made.link}
          onClose={close}
        />
      )}
      {prompt}
    </div>
  );
}

interface RowProps {
  readonly request: LinkRequest;
  readonly onMake: () => void;
  readonly onDismiss: () => void;
}

function RequestRow({ request: { person, askedAt, mailedAt }, onMake, onDismiss }: RowProps) {
  const name = person ?? texts.someone;
  return (
    <li className="concern">
      <div className="concern-text">
        <bdi>{name}</bdi>
        <p className="muted">
          {mailedAt === null ? texts.asked(momentText(askedAt)) : texts.mailedAt(momentText(mailedAt))}
        </p>
      </div>
      <div className="row-buttons">
        <button
          type="button"
          className="button button-small button-primary"
          aria-label={texts.makeLinkLabel(name)}
          onClick={onMake}
        >
          {texts.makeLink}
        </button>
        <button type="button" className="button button-small" aria-label={texts.dismissLabel(name)} onClick={onDismiss}>
          {texts.dismiss}
        </button>
      </div>
    </li>
  );
}
