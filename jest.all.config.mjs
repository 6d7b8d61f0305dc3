/** The whole suite (`npm run test:all`): also the specs that `npm test` leaves out, because they take long. */
import quick from './jest.config.mjs';

process.env.ISOLATION_STEPS ??= '1000';

export default { ...quick, testMatch: ['<rootDir>/test/**/*{.,-}spec.ts'] };
