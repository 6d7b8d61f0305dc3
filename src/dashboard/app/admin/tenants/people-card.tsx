import { useCallback, useState } from 'react';
import { cookieClient } from '../../api/client.js';
import { path } from '../../api/path.js';
import { useWrite } from '../../session/use-write.js';
import { useLoaded } from '../../stream/use-loaded.js';
import { peopleTexts as texts } from '../../texts/people.js';
import { Confirm } from '../../ui/confirm.js';
import { momentText, wholeMomentText } from '../../ui/format.js';
import { Failed, Loading } from '../../ui/states.js';
import '../../styles/home.css';
import { SignInLinkDialog } from '../access/sign-in-link-dialog.js';
import { LinkRequests } from './link-requests.js';
import { type Person, type Tenant, listAll } from '../platform.js';

const { columns } = texts;

type Asked = { readonly what: 'link'; readonly person: Person | null } | Ending;
type Ending = { readonly what: 'signOut' | 'remove'; readonly person: Person };

interface Props {
  readonly tenant: Tenant;
}

/** The people of a customer: who is signed in, a new link for one of them, and the end of their sessions. */
export function PeopleCard({ tenant }: Props) {
  const place = path`/v1/admin/tenants/${tenant.tenant}/people`;
  const load = useCallback((signal: AbortSignal) => listAll<Person>(place, 'people', signal), [place]);
  const { value, fault, reload } = useLoaded(load);
  const [asked, setAsked] = useState<Asked | null>(null);
  const close = () => {
    if (asked?.what === 'link') reload();
    setAsked(null);
  };
  return (
    <section className="card admin-section flush" aria-labelledby="people">
      <header className="section-head">
        <div>
          <h2 id="people" className="section-title">
            {texts.title}
          </h2>
          <p className="muted">{texts.hint}</p>
        </div>
        <button type="button" className="button button-small" onClick={() => setAsked({ what: 'link', person: null })}>
          {texts.invite}
        </button>
      </header>
      <LinkRequests tenant={tenant} onChanged={reload} />
      {fault && <Failed fault={fault} onRetry={reload} />}
      {!fault && value === undefined && <Loading />}
      {!fault && value?.length === 0 && <p className="muted section-text">{texts.empty}</p>}
      {!fault && value !== undefined && value.length > 0 && (
        <PeopleTable people={value} caption={texts.caption(tenant.name)} onAsked={setAsked} />
      )}
      {asked?.what === 'link' && (
        <SignInLinkDialog tenant={tenant} {...(asked.person && { person: asked.person })} onClose={close} />
      )}
      {asked !== null && asked.what !== 'link' && (
        <EndingDialog ending={asked} place={place} onEnded={reload} onClose={close} />
      )}
    </section>
  );
}

interface TableProps {
  readonly people: readonly Person[];
  readonly caption: string;
  readonly onAsked: (asked: Asked) => void;
}

function PeopleTable({ people, caption, onAsked }: TableProps) {
  return (
    <table className="table stack-table">
      <caption className="visually-hidden">{caption}</caption>
      <thead>
        <tr>
          {(['name', 'email', 'sessions', 'seen'] as const).map((column) => (
            <th key={column} scope="col">
              {columns[column]}
            </th>
          ))}
          <th scope="col">
            <span className="visually-hidden">{columns.action}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {people.map((person) => (
          <PersonRow key={person.id} person={person} onAsked={onAsked} />
        ))}
      </tbody>
    </table>
  );
}

interface RowProps {
  readonly person: Person;
  readonly onAsked: (asked: Asked) => void;
}

function PersonRow({ person, onAsked }: RowProps) {
  const { name, email, sessions, lastSeenAt } = person;
  return (
    <tr>
      <th scope="row">
        <bdi>{name}</bdi>
      </th>
      <td data-label={columns.email} className="muted">
        {email ?? texts.noEmail}
      </td>
      <td data-label={columns.sessions}>{texts.sessions(sessions)}</td>
      <td data-label={columns.seen} className="muted numeric">
        {lastSeenAt === null ? (
          texts.never
        ) : (
          <time dateTime={lastSeenAt} title={wholeMomentText(lastSeenAt)}>
            {momentText(lastSeenAt)}
          </time>
        )}
      </td>
      <td className="cell-end">
        <div className="row-buttons">
          <button
            type="button"
            className="button button-small"
            aria-label={texts.newLinkLabel(name)}
            onClick={() => onAsked({ what: 'link', person })}
          >
            {texts.newLink}
          </button>
          {(['signOut', 'remove'] as const)
            .filter((what) => what === 'remove' || sessions > 0)
            .map((what) => (
              <button
                key={what}
                type="button"
                className="button button-small button-quiet-danger"
                aria-label={texts[`${what}Label`](name)}
                onClick={() => onAsked({ what, person })}
              >
                {texts[what]}
              </button>
            ))}
        </div>
      </td>
    </tr>
  );
}

interface EndingProps {
  readonly ending: Ending;
  readonly place: string;
  readonly onEnded: () => void;
  readonly onClose: () => void;
}

function EndingDialog({ ending: { what, person }, place, onEnded, onClose }: EndingProps) {
  const { write, prompt } = useWrite();
  const confirm = async () => {
    const one = `${place}/${encodeURIComponent(person.id)}`;
    await write(() => cookieClient.send('DELETE', what === 'remove' ? one : `${one}/sessions`));
    onEnded();
  };
  return (
    <>
      <Confirm title={texts[`${what}Title`](person.name)} action={texts[what]} onConfirm={confirm} onClose={onClose}>
        {texts[`${what}Text`]}
      </Confirm>
      {prompt}
    </>
  );
}
