import { PageHeading } from '../shell/page-heading.js';
import { texts } from '../texts/en.js';

export function CallsPage() {
  return <PageHeading title={texts.nav.calls} />;
}
