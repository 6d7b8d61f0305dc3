import { PageHeading } from '../shell/page-heading.js';
import { texts } from '../texts/en.js';

export function LivePage(_props: { readonly picked?: string | undefined; readonly callId?: string }) {
  return <PageHeading title={texts.nav.live} />;
}
