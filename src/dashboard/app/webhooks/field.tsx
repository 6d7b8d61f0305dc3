import type { ReactNode } from 'react';

interface Props {
  /** Of the input within. */
  readonly id: string;
  readonly label: string;
  /** Its id is that of the input with `-hint` behind it. */
  readonly hint?: string;
  readonly children: ReactNode;
}

export function Field({ id, label, hint, children }: Props) {
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      {children}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="field-hint">
          {hint}
        </p>
      )}
    </div>
  );
}
