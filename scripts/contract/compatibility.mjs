/**
 * What a later contract breaks of a published one (docs/protocol.md, section 1.1). Pure. Additions break nothing:
 * answers may contain more, and requests may be allowed more. Both documents are complete: references are followed in
 * each.
 */

/** In words, each with its place. `before` and `after`: two OpenAPI documents. */
export function openApiBreaks(before, after) {
  const breaks = [];
  for (const [path, methods] of Object.entries(before.paths))
    for (const [method, old] of Object.entries(methods)) {
      const name = `${method.toUpperCase()} ${path}`;
      const now = after.paths[path]?.[method];
      if (now === undefined) breaks.push(`${name} is gone`);
      else breaks.push(...operationBreaks(old, now, { before, after }).map((one) => `${name}: ${one}`));
    }
  return breaks;
}

/** `before` and `after`: two AsyncAPI documents. */
export function asyncApiBreaks(before, after) {
  const breaks = Object.entries(before.channels)
    .filter(([name, { address }]) => after.channels[name]?.address !== address)
    .map(([name]) => `the channel ${name} is gone or moved`);
  for (const [name, message] of Object.entries(before.components.messages)) {
    const now = after.components.messages[name];
    if (now === undefined) breaks.push(`the event ${message.name} is gone`);
    else breaks.push(...answerBreaks(message.payload, now.payload, message.name, { before, after }));
  }
  return breaks;
}

function operationBreaks(old, now, documents) {
  const breaks = old.operationId === now.operationId ? [] : [`its id was ${old.operationId}`];
  const held = (now.security ?? []).map((one) => JSON.stringify(one));
  for (const one of old.security ?? [])
    if (held.length > 0 && !held.includes(JSON.stringify(one)))
      breaks.push(`${JSON.stringify(one)} is not enough any more`);
  if ((old.security ?? []).length === 0 && held.length > 0) breaks.push('it asks for a token');
  return [
    ...breaks,
    ...parameterBreaks(old.parameters ?? [], now.parameters ?? [], documents),
    ...bodyBreaks(old.requestBody, now.requestBody, documents),
    ...responseBreaks(old.responses, now.responses, documents),
  ];
}

function parameterBreaks(old, now, documents) {
  const keyOf = (one) => `${one.in} ${one.name}`;
  const before = new Map(old.map((one) => [keyOf(one), one]));
  const after = new Map(now.map((one) => [keyOf(one), one]));
  return [
    ...[...before.keys()].filter((key) => !after.has(key)).map((key) => `${key} is not taken any more`),
    ...[...after]
      .filter(([key, one]) => one.required && !before.get(key)?.required)
      .map(([key]) => `${key} is asked for`),
    ...[...before].flatMap(([key, one]) =>
      after.has(key) ? sentBreaks(one.schema ?? {}, after.get(key).schema ?? {}, key, documents) : [],
    ),
  ];
}

function bodyBreaks(old, now, documents) {
  if (old === undefined) return now?.required ? ['a body is asked for'] : [];
  if (now === undefined) return ['a body is not taken any more'];
  return [
    ...(now.required && !old.required ? ['a body is asked for'] : []),
    ...Object.entries(old.content).flatMap(([type, { schema }]) =>
      now.content[type] === undefined
        ? [`a body of ${type} is not taken any more`]
        : sentBreaks(schema, now.content[type].schema, 'body', documents),
    ),
  ];
}

function responseBreaks(old, now, documents) {
  return Object.entries(old)
    .filter(([status]) => status.startsWith('2'))
    .flatMap(([status, response]) => {
      if (now[status] === undefined) return [`it does not answer ${status} any more`];
      return Object.entries(response.content ?? {}).flatMap(([type, { schema }]) =>
        now[status].content?.[type] === undefined
          ? [`it does not answer ${type} any more`]
          : answerBreaks(schema, now[status].content[type].schema, status, documents),
      );
    });
}

/** What clients could send and no longer may. */
function sentBreaks(old, now, path, documents) {
  const [before, after] = [resolve(old, documents.before), resolve(now, documents.after)];
  const branches = branchesOf(after);
  if (branches !== undefined || branchesOf(before) !== undefined) {
    const allowed = branches ?? [after];
    return (branchesOf(before) ?? [before]).flatMap((one) => {
      const tries = allowed.map((each) => sentBreaks(one, each, path, documents));
      return tries.some((each) => each.length === 0) ? [] : tries[0];
    });
  }
  const breaks = [
    ...typesOf(before)
      .filter((type) => !takes(typesOf(after), type))
      .map((type) => `${path} takes no ${type} any more`),
    ...lostValues(before, after).map((value) => `${path} does not take ${value} any more`),
    ...boundBreaks(before, after, path),
  ];
  if (before.enum === undefined && after.enum !== undefined) breaks.push(`${path} takes certain values only`);
  const known = before.properties ?? {};
  for (const name of after.required ?? [])
    if (!(before.required ?? []).includes(name)) breaks.push(`${path}.${name} is asked for`);
  for (const [name, schema] of Object.entries(known)) {
    const property = after.properties?.[name];
    if (property !== undefined) breaks.push(...sentBreaks(schema, property, `${path}.${name}`, documents));
    else if (after.additionalProperties === false) breaks.push(`${path}.${name} is not taken any more`);
  }
  if (before.items && after.items) breaks.push(...sentBreaks(before.items, after.items, `${path}[]`, documents));
  return breaks;
}

/** What clients could rely on in an answer and no longer can. */
function answerBreaks(old, now, path, documents) {
  const [before, after] = [resolve(old, documents.before), resolve(now, documents.after)];
  if (branchesOf(before) !== undefined || branchesOf(after) !== undefined) {
    const known = branchesOf(before) ?? [before];
    return (branchesOf(after) ?? [after]).flatMap((one) => {
      const tries = known.map((each) => answerBreaks(each, one, path, documents));
      return tries.some((each) => each.length === 0) ? [] : tries[0];
    });
  }
  const breaks = [
    ...typesOf(after)
      .filter((type) => !takes(typesOf(before), type))
      .map((type) => `${path} may be ${type}`),
    ...lostValues(before, after).map((value) => `${path} is never ${value} any more`),
  ];
  if (typesOf(before).length > 0 && typesOf(after).length === 0) breaks.push(`${path} may be anything`);
  if (before.enum !== undefined && after.enum === undefined && after.const === undefined)
    breaks.push(`${path} may be any value`);
  if (before.format !== undefined && before.format !== after.format) breaks.push(`${path} was a ${before.format}`);
  for (const [name, schema] of Object.entries(before.properties ?? {})) {
    const property = after.properties?.[name];
    if (property === undefined) breaks.push(`${path}.${name} is gone`);
    else breaks.push(...answerBreaks(schema, property, `${path}.${name}`, documents));
  }
  for (const name of before.required ?? [])
    if (after.properties?.[name] !== undefined && !(after.required ?? []).includes(name))
      breaks.push(`${path}.${name} may be missing`);
  if (before.items && after.items) breaks.push(...answerBreaks(before.items, after.items, `${path}[]`, documents));
  return breaks;
}

function resolve(schema, document) {
  if (schema.$ref === undefined) return schema;
  const found = schema.$ref
    .slice(2)
    .split('/')
    .reduce((one, key) => one?.[key], document);
  return resolve(found ?? {}, document);
}

function branchesOf({ anyOf, oneOf }) {
  return anyOf ?? oneOf;
}

function typesOf({ type, const: value }) {
  return type === undefined ? (value === undefined ? [] : [typeof value]) : [type].flat();
}

/** Without types: any type. */
function takes(types, type) {
  return types.length === 0 || types.includes(type) || (type === 'integer' && types.includes('number'));
}

function lostValues(before, after) {
  const valuesOf = ({ enum: values, const: value }) => values ?? (value === undefined ? undefined : [value]);
  const [old, now] = [valuesOf(before), valuesOf(after)];
  return old === undefined || now === undefined ? [] : old.filter((value) => !now.includes(value));
}

const LOWER = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems'];
const UPPER = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems'];

function boundBreaks(before, after, path) {
  return [
    ...LOWER.filter((key) => after[key] !== undefined && !(before[key] >= after[key])),
    ...UPPER.filter((key) => after[key] !== undefined && !(before[key] <= after[key])),
    ...['pattern', 'format'].filter((key) => after[key] !== undefined && before[key] !== after[key]),
  ].map((key) => `${path}: ${key} is ${after[key]}, was ${before[key] ?? 'free'}`);
}
