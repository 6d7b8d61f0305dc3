import { type FormEvent, useId, useState } from 'react';
import { asFault } from '../api/problem.js';
import { texts as all } from '../texts/en.js';
import { askForLink } from './session.js';

const texts = all.session.newLink;

/** Asks for a new sign-in link. What becomes of it is not said here: that would say who is known. */
export function LinkRequest() {
  const [state, setState] = useState<{ isBusy: boolean; isSent: boolean; failure?: string }>({
    isBusy: false,
    isSent: false,
  });
  const id = useId();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const field = new FormData(event.currentTarget).get('email');
    setState({ isBusy: true, isSent: false });
    askForLink(typeof field === 'string' ? field.trim() : '').then(
      () => setState({ isBusy: false, isSent: true }),
      (error: unknown) => {
        const { slug, message } = asFault(error);
        setState({ isBusy: false, isSent: false, failure: slug === 'rate-limited' ? texts.tooOften : message });
      },
    );
  };
  if (state.isSent)
    return (
      <div className="notice" role="status">
        <p className="notice-title">{texts.sent}</p>
        <p>{texts.sentHint}</p>
      </div>
    );
  return (
    <form className="form" onSubmit={submit} noValidate>
      <label className="field-label" htmlFor={id}>
        {texts.email}
      </label>
      <input
        id={id}
        name="email"
        type="email"
        className="input"
        autoComplete="email"
        maxLength={254}
        aria-describedby={`${id}-hint ${id}-error`}
      />
      <p id={`${id}-hint`} className="field-hint">
        {texts.emailHint}
      </p>
      <p id={`${id}-error`} className="field-error" role="alert">
        {state.failure}
      </p>
      <button type="submit" className="button" disabled={state.isBusy}>
        {texts.ask}
      </button>
    </form>
  );
}
