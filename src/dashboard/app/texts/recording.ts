/** What the player of a recording says. */
export const recordingTexts = {
  title: 'Recording',
  play: 'Play',
  pause: 'Pause',
  loading: 'Loading …',
  position: 'Position in the recording',
  failed: 'The recording cannot be played.',
  unplayable: 'This browser cannot play its format.',
  retry: 'Try again',
} as const;
