import { tokenTexts as texts } from '../texts/tokens.js';
import type { NewToken, OpenStreams, TokenPlace, TokenView } from './token-list.js';
import { TokenTable } from './token-table.js';

interface Props {
  readonly tokens: readonly TokenView[];
  readonly streams: OpenStreams | undefined;
  readonly caption: string;
  readonly place: TokenPlace;
  readonly onChanged: () => void;
  readonly onRolled: (token: NewToken) => void;
}

/** Tokens of programs, and apart from them the sign-ins of people. */
export function TokenLists({ tokens, caption, ...rest }: Props) {
  const programs = tokens.filter(({ signIn }) => !signIn);
  const people = tokens.filter(({ signIn }) => signIn);
  return (
    <>
      {programs.length > 0 && <TokenTable tokens={programs} caption={caption} {...rest} />}
      {people.length > 0 && (
        <>
          <header className="people-head">
            <h2 className="section-title">{texts.people}</h2>
            <p className="muted">{texts.peopleHint}</p>
          </header>
          <TokenTable tokens={people} caption={texts.people} {...rest} />
        </>
      )}
    </>
  );
}
