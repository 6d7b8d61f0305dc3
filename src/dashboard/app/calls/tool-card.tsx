import { memo } from 'react';
import type { ToolUse } from '../../../calls/fold/call-view.js';
import { callTexts } from '../texts/calls.js';
import { Icon } from '../ui/icons.js';

const texts = callTexts.call;

/** What a tool was asked and what it answered: in short, and in full when opened. */
export const ToolCard = memo(function ToolCard({ tool }: { readonly tool: ToolUse }) {
  const { name, arguments: args, result, endedAt, error } = tool;
  const hasFailed = error !== undefined;
  const isRunning = endedAt === null;
  return (
    <details className={hasFailed ? 'tool tool-failed' : 'tool'}>
      <summary className="tool-head">
        <Icon name="tool" />
        <span className="tool-name">{name ?? texts.tool}</span>
        <span className="tool-short">{inShort(args)}</span>
        <span className="tool-state">{isRunning ? texts.toolRuns : hasFailed ? texts.toolFailed : lengthOf(tool)}</span>
        {!isRunning && <span className="tool-answer">{inShort(hasFailed ? error : result)}</span>}
      </summary>
      <dl className="tool-body">
        <dt>{texts.arguments}</dt>
        <dd>
          <pre tabIndex={0}>{inFull(args)}</pre>
        </dd>
        {!isRunning && (
          <>
            <dt>{hasFailed ? texts.error : texts.result}</dt>
            <dd>
              <pre tabIndex={0}>{inFull(hasFailed ? error : result)}</pre>
            </dd>
          </>
        )}
      </dl>
    </details>
  );
});

/** As the tool itself said it, else by the clock. */
function lengthOf({ ms, at, endedAt }: ToolUse): string {
  const length = ms ?? (endedAt === null ? Number.NaN : Date.parse(endedAt) - Date.parse(at));
  return Number.isFinite(length) ? `${Math.max(0, Math.round(length))} ms` : '';
}

/** Longest text of a value in a heading. */
const MAX_SHORT = 140;

/** `place: "Leeds", day: "Friday"`: what a person needs to see what happened. */
function inShort(value: unknown): string {
  if (value === null || value === undefined) return '';
  const isRecord = typeof value === 'object' && !Array.isArray(value);
  const text = isRecord
    ? Object.entries(value)
        .map(([name, one]) => `${name}: ${JSON.stringify(one)}`)
        .join(', ')
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);
  return text.length > MAX_SHORT ? `${text.slice(0, MAX_SHORT)}…` : text;
}

function inFull(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
