import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { texts } from '../texts/en.js';
import { Icon, type IconName } from '../ui/icons.js';

export interface NavigationEntry {
  readonly to: string;
  readonly label: string;
  readonly icon: IconName;
  /** Something there wants attention. */
  readonly badge?: ReactNode;
}

/** A phone's bar has room for so many; the others are behind "More". */
const IN_BAR = 4;

export function Navigation({ entries }: { readonly entries: readonly NavigationEntry[] }) {
  const [location] = useLocation();
  const [isOpen, setIsOpen] = useState(false);
  const nav = useRef<HTMLElement>(null);
  const more = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(() => setIsOpen(false), [location]);
  useEffect(() => {
    if (!isOpen) return;
    const onKey = ({ key }: KeyboardEvent) => {
      if (key !== 'Escape') return;
      setIsOpen(false);
      more.current?.focus();
    };
    const onPress = ({ target }: PointerEvent) => {
      if (!(target instanceof Node && nav.current?.contains(target))) setIsOpen(false);
    };
    document.addEventListener('keydown', onKey);
    document.addEventListener('pointerdown', onPress);
    return () => {
      document.removeEventListener('keydown', onKey);
      document.removeEventListener('pointerdown', onPress);
    };
  }, [isOpen]);
  const isHere = ({ to }: NavigationEntry) => location === to || location.startsWith(`${to}/`);
  const links = (some: readonly NavigationEntry[]) =>
    some.map(({ to, label, icon, badge }) => (
      <Link key={to} href={to} className="nav-link" aria-current={isHere({ to, label, icon }) ? 'page' : undefined}>
        <Icon name={icon} />
        <span>{label}</span>
        {badge}
      </Link>
    ));
  const rest = entries.slice(IN_BAR);
  return (
    <nav ref={nav} className="nav" aria-label={texts.nav.label}>
      {links(entries.slice(0, IN_BAR))}
      <button
        ref={more}
        type="button"
        className={rest.some(isHere) ? 'nav-link nav-more nav-more-here' : 'nav-link nav-more'}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setIsOpen(!isOpen)}
      >
        <Icon name="more" />
        <span>{texts.nav.more}</span>
        {rest.map(({ to, badge }) => (
          <span key={to} className="nav-more-badge">
            {badge}
          </span>
        ))}
      </button>
      <div id={id} className={isOpen ? 'nav-rest nav-rest-open' : 'nav-rest'}>
        {links(rest)}
      </div>
    </nav>
  );
}
