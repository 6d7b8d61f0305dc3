/** docs/events.md, written from the catalogue of events. */

const HEAD = `# Events

What streams and \`GET /v1/log\` carry: each type with the fields of its \`data\`. This page is written from the catalogue in
\`src/events/catalogue\` by \`npm run contract\`; a running server says the same at \`GET /v1/event-types\` (JSON Schema) and
\`GET /asyncapi.json\` (AsyncAPI 3). How they are delivered is in [protocol.md](protocol.md).

- A **durable** event has an id, is stored and replayed. A **live** one is delivered to open streams only.
- Sources add fields of their own, and new types may come at any time. A client ignores what it does not know.
- Fields without "always" may be missing: which are there depends on the wire that the event came over.
- \`/v1/admin/events\` adds \`tenant\` to every event.

`;

/** `types`: as \`GET /v1/event-types\` answers. */
export function eventsPage(types) {
  const rows = types.map(({ type, durable, summary }) => `| ${link(type)} | ${durable ? 'yes' : ''} | ${summary} |`);
  return `${HEAD}| type | durable | what |\n| --- | --- | --- |\n${rows.join('\n')}\n\n${types.map(sectionOf).join('\n')}`;
}

const link = (type) => `[\`${type}\`](#${type.toLowerCase().replace(/[^a-z0-9_-]/g, '')})`;

function sectionOf({ type, durable, summary, schema, example }) {
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties).map(
    ([name, one]) =>
      `| \`${name}\` | ${typeOf(one)} | ${required.has(name) ? 'always' : ''} | ${one.description ?? ''} |`,
  );
  const table = `| field | type | | what |\n| --- | --- | --- | --- |\n${fields.join('\n')}`;
  const frame = `event: ${type}\n${durable ? 'id: 42\n' : ''}data: ${JSON.stringify(example)}`;
  return `## ${type}\n\n${summary}\n\n\`\`\`text\n${frame}\n\`\`\`\n\n${table}\n`;
}

function typeOf({ type, anyOf, const: value, enum: values, format }) {
  if (values !== undefined && values.length < 8) return values.map((one) => `\`${one}\``).join(', ');
  if (value !== undefined) return `\`${value}\``;
  if (anyOf !== undefined) return anyOf.map(typeOf).join(' or ');
  if (format === 'date-time') return 'time';
  return type === undefined ? 'any' : [type].flat().join(' or ');
}
