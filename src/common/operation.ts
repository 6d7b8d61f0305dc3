/**
 * Describes an operation for `/openapi.json`, beside its handler. The compiler checks the answer's zod schema against
 * what the handler returns, and the tests check it against what is really sent. The rest is derived
 * (contract/openapi.ts): parameters, body, status, security, and the problems that every operation of its kind can
 * meet.
 */
import { SetMetadata, applyDecorators } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { z } from 'zod';
import type { ProblemSlug } from './problem.js';

export const OPERATION = Symbol('operation');

export interface OperationSpec<Schema extends z.ZodType | null = z.ZodType | null> {
  /** Unique, a verb first (`listCalls`): it becomes a method's name in generated clients. It never changes. */
  readonly id: string;
  /** One line. */
  readonly summary: string;
  /** What else a user must know; Markdown. */
  readonly description?: string;
  /** The answer to a success; null: none (204). Text and streams: `z.string()`. */
  readonly answer: Schema;
  /** The answer's content type; JSON if absent. */
  readonly type?: 'text/event-stream' | 'text/plain' | 'audio/*';
  /** Replaces the example that is made from the schema. */
  readonly example?: unknown;
  /** The same for the request's body. */
  readonly bodyExample?: unknown;
  /** Problems that it can meet besides those of every operation of its kind. */
  readonly problems?: readonly ProblemSlug[];
  /** Another status with the same answer. */
  readonly alsoStatus?: number;
}

/** What a handler may return for an answer's schema. */
export type AnswerOf<Schema extends z.ZodType> = Frozen<z.output<Schema>>;

type Frozen<Value> = Value extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: Frozen<Value[Key]> }
    : Value;

/** A handler returns what the schema says, or its text; streams and 204 are neither. */
type Returned<Schema> = Schema extends z.ZodType ? AnswerOf<Schema> | string | StreamOf | Piped : undefined | void;

/** What a handler returns that has written its answer itself, to `@Res()`. */
export const PIPED: Piped = { isPiped: true };

interface Piped {
  readonly isPiped: true;
}

/** What an `@Sse()` handler returns. */
interface StreamOf {
  subscribe(...observer: never[]): unknown;
}

type Handler<Schema> = (...parameters: never[]) => Returned<Schema> | Promise<Returned<Schema>>;

/** Describes a handler. A route without it fails test/contract/openapi.spec.ts. */
export function Operation<Schema extends z.ZodType | null>(spec: OperationSpec<Schema>) {
  const { id: operationId, summary, description } = spec;
  const decorate = applyDecorators(
    SetMetadata(OPERATION, spec),
    ApiOperation({ operationId, summary, ...(description === undefined ? {} : { description }) }),
  );
  return <Method extends Handler<Schema>>(
    target: object,
    name: string,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void => decorate(target, name, descriptor);
}
