import { Link } from 'wouter';
import { texts } from '../texts/en.js';
import { PageHeading } from './page-heading.js';

export function NotFoundPage() {
  return (
    <>
      <PageHeading title={texts.states.notFound} />
      <div className="state">
        <p className="state-text">{texts.states.notFoundHint}</p>
        <Link href="/" className="button">
          {texts.states.toLive}
        </Link>
      </div>
    </>
  );
}
