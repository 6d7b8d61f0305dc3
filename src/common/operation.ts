/**
 * What `/openapi.json` says of an operation, beside its handler. The answer's zod schema is checked against what the handler
 * returns: by the compiler here, and by the tests for what really goes out. The rest is found by itself (contract/openapi.ts):
 * parameters, body, status, security, and the problems that every operation of its kind can meet.
 */
import { SetMetadata, applyDecorators } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { z } from 'zod';
import type { ProblemSlug } from './problem.js';

export const OPERATION = Symbol('operation');

export interface OperationSpec<Schema extends z.ZodType | null = z.ZodType | null> {
  /** Unique, a verb first (`listCalls`): the name of a method in generated clients. It never changes. */
  readonly id: string;
  /** One line. */
  readonly summary: string;
  /** Whatever a user must know besides; Markdown. */
  readonly description?: string;
  /** What is answered when it went well; null: nothing (204). Text and streams: `z.string()`. */
  readonly answer: Schema;
  /** Of the answer's content; JSON unless given. */
  readonly type?: 'text/event-stream' | 'text/plain';
  /** In place of the one that the schema's own examples make. */
  readonly example?: unknown;
  /** Of what is sent, likewise. */
  readonly bodyExample?: unknown;
  /** Problems that it can meet besides those of every operation of its kind. */
  readonly problems?: readonly ProblemSlug[];
  /** Another status with the same answer. */
  readonly alsoStatus?: number;
}

/** What a handler returns for a schema of an answer. */
export type AnswerOf<Schema extends z.ZodType> = Frozen<z.output<Schema>>;

type Frozen<Value> = Value extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: Frozen<Value[Key]> }
    : Value;

/** A handler returns what the schema says, or the text of it, or is none of the kind (streams, 204). */
type Returned<Schema> = Schema extends z.ZodType ? AnswerOf<Schema> | string | StreamOf : undefined | void;

/** What `@Sse()` handlers return. */
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
