/** Figures of the server's /metrics as they are now, by name, their labels summed up; 0 when there is none. */
export async function readMetrics({ port, ingestToken }) {
  const headers = { authorization: `Bearer ${ingestToken}` };
  const lines = (await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).text()).split('\n');
  return (name, label = '') =>
    lines
      .filter((line) => /^[{ ]/.test(line.slice(name.length)) && line.startsWith(name) && line.includes(label))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** One of them. */
export async function metric(subject, name, label) {
  return (await readMetrics(subject))(name, label);
}
