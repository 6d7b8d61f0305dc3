import { type ReactNode, Suspense } from 'react';
import { signOut } from '../session/session.js';
import { useIsStale } from '../stream/use-connection.js';
import { texts } from '../texts/en.js';
import { BrandMark } from '../ui/brand-mark.js';
import { Icon } from '../ui/icons.js';
import { Loading } from '../ui/states.js';
import { useStore } from '../common/store.js';
import { chooseTheme, nextTheme, theme } from '../ui/theme.js';
import { ConnectionBadge } from './connection-badge.js';
import { FaultBoundary } from './fault-boundary.js';
import { Navigation, type NavigationEntry } from './navigation.js';

interface Props {
  /** Whose page this is. */
  readonly owner: string;
  readonly navigation: readonly NavigationEntry[];
  readonly banner?: ReactNode;
  readonly canSignOut: boolean;
  readonly children: ReactNode;
}

/** What stays while pages change: whose it is, where one can go, how it stands with the server. */
export function Layout({ owner, navigation, banner, canSignOut, children }: Props) {
  const isStale = useIsStale();
  return (
    <div className={isStale ? 'layout layout-stale' : 'layout'}>
      <a className="skip" href="#page">
        {texts.skip}
      </a>
      <header className="side">
        <div className="brand">
          <BrandMark />
          <div className="brand-names">
            <span className="brand-product">{texts.product}</span>
            <span className="brand-owner">{owner}</span>
          </div>
        </div>
        <Navigation entries={navigation} />
        <div className="side-foot">
          <ConnectionBadge />
          <div className="side-tools">
            <ThemeSwitch />
            {canSignOut && (
              <button type="button" className="tool-button" onClick={() => void signOut()}>
                <Icon name="signOut" />
                <span className="tool-label">{texts.nav.signOut}</span>
              </button>
            )}
          </div>
        </div>
      </header>
      <main id="page" className="page" tabIndex={-1}>
        {banner}
        {isStale && (
          <p className="banner" role="status">
            {texts.connection.stale}
          </p>
        )}
        <FaultBoundary>
          <Suspense fallback={<Loading />}>{children}</Suspense>
        </FaultBoundary>
      </main>
    </div>
  );
}

function ThemeSwitch() {
  const chosen = useStore(theme);
  const icon = chosen === 'system' ? 'system' : chosen === 'light' ? 'sun' : 'moon';
  const label = texts.nav.theme[chosen];
  return (
    <button
      type="button"
      className="tool-button"
      aria-label={label}
      title={label}
      onClick={() => chooseTheme(nextTheme(chosen))}
    >
      <Icon name={icon} />
    </button>
  );
}
