import { type ReactNode, useEffect, useRef } from 'react';
import { texts } from '../texts/en.js';

/** The first page is where a reader begins anyway; from then on a new page takes the focus to its heading. */
let isFirstPage = true;

interface Props {
  readonly title: string;
  /** The browser's title, where it should say more. */
  readonly documentTitle?: string;
  readonly children?: ReactNode;
}

export function PageHeading({ title, documentTitle = title, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${documentTitle} · ${texts.product}`;
  }, [documentTitle]);
  useEffect(() => {
    if (!isFirstPage) heading.current?.focus({ preventScroll: true });
    isFirstPage = false;
  }, []);
  return (
    <header className="page-heading">
      <h1 ref={heading} tabIndex={-1} className="page-title">
        {title}
      </h1>
      {children}
    </header>
  );
}
