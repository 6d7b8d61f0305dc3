/** Times, lengths and numbers as people read them. */

/** Seconds → `0:07`, `12:34`, `1:02:03`. */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const rest = String(whole % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

/** The same for ears: `1 minute 5 seconds`. */
export function spokenLength(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  const part = (count: number, unit: string) => (count === 0 ? '' : `${count} ${unit}${count === 1 ? '' : 's'}`);
  return `${part(minutes, 'minute')} ${part(rest, 'second')}`.trim() || '0 seconds';
}

/** Seconds → `48 min`, `2 h 5 min`: of many calls together. */
export function lengthText(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${countText(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

/** Pages are in English, whatever the browser speaks; the day's order and the time zone are the reader's. */
const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const SECOND = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const DAY_OF_YEAR = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const WHOLE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** `14:03` today, else `23 Nov, 14:03`. */
export function momentText(iso: string, now = new Date(), clock = TIME): string {
  const date = new Date(iso);
  const time = clock.format(date);
  if (date.toDateString() === now.toDateString()) return time;
  const day = date.getFullYear() === now.getFullYear() ? DAY : DAY_OF_YEAR;
  return `${day.format(date)}, ${time}`;
}

/** `14:03:07` today, else `23 Nov, 14:03:07`: where seconds count. */
export function secondText(iso: string, now = new Date()): string {
  return momentText(iso, now, SECOND);
}

export function dayText(iso: string): string {
  return DAY_OF_YEAR.format(new Date(iso));
}

export function wholeMomentText(iso: string): string {
  return WHOLE.format(new Date(iso));
}

const COUNT = new Intl.NumberFormat('en-GB');
const ROUND = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 });

export function countText(count: number): string {
  return COUNT.format(count);
}

export function roundText(value: number): string {
  return ROUND.format(value);
}
