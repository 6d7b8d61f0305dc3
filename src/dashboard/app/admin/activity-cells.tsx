import { operatorTexts } from '../texts/operator.js';
import { countText, momentText, roundText, wholeMomentText } from '../ui/format.js';
import type { Activity } from './use-activity.js';

const texts = operatorTexts.activity;

/** The headings of {@link ActivityCells}, in their order. */
export const ACTIVITY_COLUMNS = { today: texts.calls, minutes: texts.minutes, last: texts.last } as const;

/** Calls and minutes of today and the last call; empty while they are not known. */
export function ActivityCells({ activity }: { readonly activity: Activity | undefined }) {
  return (
    <>
      <td data-label={ACTIVITY_COLUMNS.today} className="numeric">
        {activity && countText(activity.calls)}
      </td>
      <td data-label={ACTIVITY_COLUMNS.minutes} className="numeric">
        {activity && roundText(activity.minutes)}
      </td>
      <td data-label={ACTIVITY_COLUMNS.last} className="muted numeric">
        {activity?.lastCallAt && (
          <time dateTime={activity.lastCallAt} title={wholeMomentText(activity.lastCallAt)}>
            {momentText(activity.lastCallAt)}
          </time>
        )}
        {activity?.lastCallAt === null && texts.never}
      </td>
    </>
  );
}
