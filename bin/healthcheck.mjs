// Whether the process of this container answers, by the variables that it was started with. Not whether it is ready:
// one whose database is away is not to be put in another's place (docs/operations.md, "Readiness").
import { localUrl } from '../dist/common/address.js';

const { HOST = '127.0.0.1', PORT = '3000' } = process.env;
const answer = await fetch(`${localUrl(HOST, PORT)}/healthz`).catch(() => undefined);
process.exitCode = answer?.ok ? 0 : 1;
