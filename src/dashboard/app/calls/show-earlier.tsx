import { callTexts } from '../texts/calls.js';

/** Above the first line that is shown of a long call. */
export function ShowEarlier({ onShow }: { readonly onShow: () => void }) {
  return (
    <p className="script-earlier">
      <button type="button" className="button button-small" onClick={onShow}>
        {callTexts.call.earlier}
      </button>
    </p>
  );
}
