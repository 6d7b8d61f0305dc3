import { type FormEvent, useState } from 'react';
import { asFault } from '../api/problem.js';
import { serverNow } from '../common/clock.js';
import { useStore } from '../common/store.js';
import { callTexts } from '../texts/calls.js';
import { textIn } from '../ui/form-values.js';
import { download } from '../ui/csv.js';
import { Icon } from '../ui/icons.js';
import { useWorkspace } from '../workspace/workspace.js';
import { COLUMNS, type Column, toggleColumn } from './call-columns.js';
import { type CallSearch, NOTHING, addressOf, searchIn } from './call-search.js';
import { exportCalls } from './export-calls.js';
import { forgetView, saveView, savedViews } from './saved-views.js';

const texts = callTexts.list;

interface Props {
  readonly search: CallSearch;
  readonly onChange: (change: Partial<CallSearch>) => void;
  readonly columns: readonly Column[];
}

/** What can be done with a list as it stands: come back to it, choose its columns, take it along. */
export function ListTools({ search, onChange, columns }: Props) {
  const { client, api, showsTenant } = useWorkspace();
  const [state, setState] = useState<{ busy: boolean; failure?: string }>({ busy: false });
  const take = () => {
    setState({ busy: true });
    exportCalls(client, api, search).then(
      (text) => {
        setState({ busy: false });
        download(`calls-${new Date(serverNow()).toISOString().slice(0, 10)}.csv`, text, 'text/csv');
      },
      (error: unknown) => setState({ busy: false, failure: asFault(error).message }),
    );
  };
  return (
    <div className="page-heading-end">
      <p className="field-error" role="alert">
        {state.failure}
      </p>
      <Views search={search} onChange={onChange} />
      <details className="menu">
        <summary className="button">{texts.columnsOf}</summary>
        <fieldset className="menu-body plain">
          <legend className="visually-hidden">{texts.columnsOf}</legend>
          {COLUMNS.filter((column) => column !== 'tenant' || showsTenant).map((column) => (
            <label key={column} className="check">
              <input type="checkbox" checked={columns.includes(column)} onChange={() => toggleColumn(column)} />
              {texts.columns[column]}
            </label>
          ))}
        </fieldset>
      </details>
      <button type="button" className="button" disabled={state.busy} onClick={take}>
        <Icon name="download" />
        {state.busy ? texts.exporting : texts.export}
      </button>
    </div>
  );
}

/** Searches that were given a name. */
function Views({ search, onChange }: Pick<Props, 'search' | 'onChange'>) {
  const views = useStore(savedViews);
  const query = addressOf(search);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = textIn(new FormData(event.currentTarget), 'name');
    if (name === '') return;
    saveView({ name, query });
    event.currentTarget.reset();
  };
  return (
    <details className="menu">
      <summary className="button">{texts.views}</summary>
      <div className="menu-body">
        {views.length === 0 && <p className="muted">{texts.noViews}</p>}
        <ul>
          {views.map((view) => (
            <li key={view.name} className="menu-row">
              <button
                type="button"
                className="button button-small"
                aria-pressed={view.query === query}
                onClick={() => onChange({ ...NOTHING, ...searchIn(view.query) })}
              >
                <bdi>{view.name}</bdi>
              </button>
              <button
                type="button"
                className="button button-small button-quiet-danger"
                aria-label={texts.forgetView(view.name)}
                onClick={() => forgetView(view)}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
        <form className="menu-row" onSubmit={submit}>
          <input
            name="name"
            className="input"
            maxLength={60}
            aria-label={texts.viewName}
            placeholder={texts.viewName}
          />
          <button type="submit" className="button button-small">
            {texts.saveView}
          </button>
        </form>
      </div>
    </details>
  );
}
