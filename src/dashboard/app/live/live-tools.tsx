import { SearchField } from '../ui/search-field.js';
import { callTexts } from '../texts/calls.js';
import { useStore } from '../common/store.js';
import { Icon } from '../ui/icons.js';
import { isAlerting, toggleAlert } from './alert.js';
import { type LiveView, SORTS } from './use-live-list.js';

const texts = callTexts.live;

interface Props {
  readonly view: LiveView;
  readonly onChange: (change: Partial<LiveView>) => void;
  /** Those that one may choose from; none where they are too many. */
  readonly agents: readonly string[];
  readonly searchHint: string;
}

/** How the calls in progress are searched, narrowed and put in order, and whether they may be heard. */
export function LiveTools({ view, onChange, agents, searchHint }: Props) {
  const isOn = useStore(isAlerting);
  return (
    <search className="filters live-tools">
      <SearchField text={view.q} label={texts.search} hint={searchHint} onChange={(q) => onChange({ q })} />
      {(agents.length > 1 || view.agent !== '') && (
        <select
          className="input"
          aria-label={texts.filter}
          value={view.agent}
          onChange={(event) => onChange({ agent: event.target.value })}
        >
          <option value="">{texts.allAgents}</option>
          {[...new Set([...agents, ...(view.agent === '' ? [] : [view.agent])])].map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      )}
      <select
        className="input"
        aria-label={texts.sort}
        value={view.sort}
        onChange={({ target }) => onChange({ sort: SORTS.find((one) => one === target.value) ?? 'attention' })}
      >
        {SORTS.map((one) => (
          <option key={one} value={one}>
            {texts.sorts[one]}
          </option>
        ))}
      </select>
      <button type="button" className="button" aria-pressed={isOn} title={texts.alertHint} onClick={toggleAlert}>
        <Icon name={isOn ? 'bell' : 'bellOff'} />
        {texts.alert}
      </button>
    </search>
  );
}
