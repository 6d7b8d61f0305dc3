/** The bench's child processes: commands come by IPC from `run.mjs`, each is answered once; they end with it. */
export function answer(commands) {
  process.on('message', async ({ id, command, ...options }) => {
    try {
      process.send({ id, result: await commands[command](options) });
    } catch (error) {
      process.send({ id, error: error.message });
    }
  });
  process.on('disconnect', () => process.exit(0));
}
