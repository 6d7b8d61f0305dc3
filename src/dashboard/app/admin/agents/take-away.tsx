import { cookieClient } from '../../api/client.js';
import { useWrite } from '../../session/use-write.js';
import { adminTexts } from '../../texts/admin.js';
import { Confirm } from '../../ui/confirm.js';
import { usePlatform } from '../platform-context.js';
import { path } from '../../api/path.js';
import type { Agent } from '../platform.js';

const texts = adminTexts.agents;

interface Props {
  readonly agent: Agent;
  readonly onClose: () => void;
  readonly onDone: (text: string) => void;
}

export function TakeAway({ agent: { agent, tenant }, onClose, onDone }: Props) {
  const { nameOf } = usePlatform();
  const { write, prompt } = useWrite();
  const take = async () => {
    await write(() => cookieClient.send('DELETE', path`/v1/admin/agents/${agent}/owner`, { from: tenant }));
    onDone(texts.done(agent, adminTexts.nobody));
  };
  return (
    <>
      <Confirm title={texts.takeTitle(agent)} action={texts.take} onConfirm={take} onClose={onClose}>
        {texts.takeText(tenant === null ? adminTexts.nobody : nameOf(tenant))}
      </Confirm>
      {prompt}
    </>
  );
}
