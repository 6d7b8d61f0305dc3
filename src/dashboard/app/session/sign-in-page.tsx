import { type FormEvent, type ReactNode, useEffect, useId, useState } from 'react';
import { asFault } from '../api/problem.js';
import { texts } from '../texts/en.js';
import { BrandMark } from '../ui/brand-mark.js';
import { LinkRequest } from './link-request.js';
import { type SignedOutReason, acceptInvitation, signIn } from './session.js';

/** Where one gets in, and where one is told why one is out. */
export function SignInPage({ reason }: { readonly reason: SignedOutReason }) {
  const told = texts.session.reasons[reason];
  return (
    <SignInCard lead={texts.session.lead}>
      {told && (
        <div className="notice" role="alert">
          <p className="notice-title">{told.title}</p>
          <p>{told.text}</p>
        </div>
      )}
      <LinkRequest />
      <SignInForm />
    </SignInCard>
  );
}

/** Where a sign-in link leads. */
export function InvitationPage({ code }: { readonly code: string }) {
  return (
    <SignInCard lead={texts.session.invited}>
      <button type="button" className="button button-primary" onClick={() => void acceptInvitation(code)}>
        {texts.session.accept}
      </button>
    </SignInCard>
  );
}

function SignInCard({ lead, children }: { readonly lead: string; readonly children: ReactNode }) {
  useEffect(() => {
    document.title = `${texts.session.title} · ${texts.product}`;
  }, []);
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <div className="brand">
          <BrandMark />
          <span className="brand-product">{texts.product}</span>
        </div>
        <h1 className="page-title">{texts.session.title}</h1>
        <p className="muted">{lead}</p>
        {children}
      </div>
    </main>
  );
}

function SignInForm() {
  const [state, setState] = useState<{ busy: boolean; failure?: string }>({ busy: false });
  const fieldId = useId();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const field = new FormData(event.currentTarget).get('token');
    const token = typeof field === 'string' ? field.trim() : '';
    if (token === '') return setState({ busy: false, failure: texts.session.empty });
    setState({ busy: true });
    signIn(token).catch((error: unknown) =>
      setState({ busy: false, failure: `${texts.session.refused}: ${asFault(error).message}` }),
    );
  };
  return (
    <form className="form" onSubmit={submit} noValidate>
      <label className="field-label" htmlFor={fieldId}>
        {texts.session.token}
      </label>
      <textarea
        id={fieldId}
        name="token"
        className="input input-code"
        rows={3}
        autoComplete="off"
        spellCheck={false}
        aria-describedby={`${fieldId}-hint ${fieldId}-error`}
        aria-invalid={state.failure !== undefined}
      />
      <p id={`${fieldId}-hint`} className="field-hint">
        {texts.session.tokenHint}
      </p>
      <p id={`${fieldId}-error`} className="field-error" role="alert">
        {state.failure}
      </p>
      <button type="submit" className="button button-primary" disabled={state.busy}>
        {state.busy ? texts.session.submitting : texts.session.submit}
      </button>
    </form>
  );
}
