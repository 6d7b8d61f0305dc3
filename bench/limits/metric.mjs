/** A figure of the server's /metrics, its labels summed up; 0 when there is none. */
export async function metric({ port, ingestToken }, name, label = '') {
  const headers = { authorization: `Bearer ${ingestToken}` };
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).text();
  return text
    .split('\n')
    .filter((line) => /^[{ ]/.test(line.slice(name.length)) && line.startsWith(name) && line.includes(label))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
