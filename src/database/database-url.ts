/** Injection token of the connection string that the whole process uses. */
export const DATABASE_URL = Symbol('DATABASE_URL');
