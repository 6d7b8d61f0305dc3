import { useContext } from 'react';
import { type Connection, ConnectionContext } from '../stream/connection.js';

import { type Store, useStore } from '../common/store.js';
import { texts } from '../texts/en.js';

/** How the page stands with the server, always in sight. */
export function ConnectionBadge() {
  const connection = useContext(ConnectionContext);
  return connection === null ? null : <Badge connection={connection} />;
}

function Badge({ connection }: { readonly connection: Store<Connection> }) {
  const now = useStore(connection);
  return (
    <p className={`connection connection-${now.kind}`} role="status">
      <span className="connection-dot" aria-hidden="true" />
      <span className="connection-name">{texts.connection[now.kind]}</span>
      {now.kind === 'reconnecting' && <span className="connection-reason">{texts.connection.reasons[now.reason]}</span>}
    </p>
  );
}
