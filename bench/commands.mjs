/**
 * The bench's child processes: commands come by IPC from `run.mjs`, and each is answered once. The processes end with
 * it.
 */
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
