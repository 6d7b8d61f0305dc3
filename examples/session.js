/**
 * Stands for what your app has already: a session that says who somebody is, and whose customer they are. Here a cookie
 * names a user, and USERS names the API token of that user's customer, {"alice":"<token>"}. The token never leaves the server.
 */
const users = new Map(Object.entries(JSON.parse(process.env.USERS ?? '{}')));

export const SWITCHBOARD = process.env.SWITCHBOARD_URL ?? 'http://127.0.0.1:3000';
export const PORT = Number(process.env.PORT ?? 4000);

/** The API token of the signed-in user's customer; undefined when nobody is signed in. */
export function tokenOf(cookies) {
  const user = /(?:^|; *)session=(\w+)/.exec(cookies ?? '')?.[1];
  return users.get(user);
}

/** An EventSource gives up at any status but 200, so what will pass is a stream that asks it to come back. */
export const COME_BACK = 'retry: 2000\n\n';
