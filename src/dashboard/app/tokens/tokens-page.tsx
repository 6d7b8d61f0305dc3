import { PageHeading } from '../shell/page-heading.js';
import { texts } from '../texts/en.js';

export default function TokensPage() {
  return <PageHeading title={texts.nav.tokens} />;
}
