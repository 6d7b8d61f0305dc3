/** How a list of calls may be sorted. */
export const SORTS = ['newest', 'slowest', 'longest'] as const;
export type Sort = (typeof SORTS)[number];
