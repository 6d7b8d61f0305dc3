interface Props<Value extends string> {
  readonly legend: string;
  /** Of the group of radio buttons. */
  readonly name: string;
  /** What each value is called, in the order in which they are shown. */
  readonly texts: Readonly<Record<Value, string>>;
  /** Those that may be chosen now; absent: all. */
  readonly values?: readonly Value[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}

/** One of a few values, in a dialog. */
export function DialogChoice<Value extends string>({ legend, name, texts, values, value, onChange }: Props<Value>) {
  return (
    <fieldset className="plain dialog-field">
      <legend className="field-label">{legend}</legend>
      <div className="choice dialog-choice">
        {(values ?? (Object.keys(texts) as Value[])).map((one) => (
          <label key={one} className="choice-one">
            <input
              type="radio"
              name={name}
              className="visually-hidden"
              checked={one === value}
              onChange={() => onChange(one)}
            />
            <span>{texts[one]}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
