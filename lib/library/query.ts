/** Starts the library as a program to ask it questions. It answers in JSON (`c/program/query.c`, `docs/json.md`). */
import type { Environ } from "../system/environ.ts";
import { LibraryError, reason, UnsockError, UsageError } from "../system/errors.ts";
import type { OptionValue } from "../system/options.ts";
import { runProgram } from "../system/runtime.ts";
import { optionFlag } from "../system/text.ts";

/** A question, and the reader of its answer. */
export interface Question<T> {
  /** The argument of `query`: `NAME` or `NAME=VALUE`. */
  readonly word: string;
  readonly read: (answer: Fields) => T;
  /** The class of the error to throw when the library reports why it has no answer. */
  readonly failure?: new (message: string, options: { exitCode?: number }) => UnsockError;
}

/** The question for the library's version. */
export const VERSION_QUESTION: Question<string> = { word: "version", read: (answer) => answer.text("version") };

/** Returns an answer, or throws the reason why there is none. */
export type Answer<T> = () => T;

type Answers<Q extends readonly Question<unknown>[]> = {
  [Index in keyof Q]: Answer<Q[Index] extends Question<infer T> ? T : never>;
};

/** Options of `run`: names as in code (`blockInet`), values as the user wrote them. */
export type RunOptions = Readonly<Record<string, OptionValue | undefined>>;

/** Reads the members of an object in an answer, and checks their types: the library may be another version. */
export class Fields {
  readonly #value: Readonly<Record<string, unknown>>;

  /** @throws {LibraryError} When the value is no object. */
  constructor(value: unknown) {
    if (typeof value !== "object" || value === null) throw new LibraryError("library: an answer is no object");
    this.#value = { ...value };
  }

  #wrong(name: string): LibraryError {
    const value = JSON.stringify(this.#value[name]);
    return new LibraryError(`library: unexpected answer, perhaps another version's: ${name} is ${value}`);
  }

  text(name: string): string {
    const value = this.#value[name];
    if (typeof value !== "string") throw this.#wrong(name);
    return value;
  }

  /** @returns A text, or undefined if the member is null or missing. */
  maybeText(name: string): string | undefined {
    return (this.#value[name] ?? undefined) === undefined ? undefined : this.text(name);
  }

  number(name: string): number {
    const value = this.#value[name];
    if (typeof value !== "number" || !Number.isSafeInteger(value)) throw this.#wrong(name);
    return value;
  }

  /** @returns A number, or undefined if the member is null or missing. */
  maybeNumber(name: string): number | undefined {
    return (this.#value[name] ?? undefined) === undefined ? undefined : this.number(name);
  }

  flag(name: string): boolean {
    const value = this.#value[name];
    if (typeof value !== "boolean") throw this.#wrong(name);
    return value;
  }

  word<const W extends readonly string[]>(name: string, words: W): W[number] {
    const found = words.find((word) => word === this.#value[name]);
    if (found === undefined) throw this.#wrong(name);
    return found;
  }

  list<T>(name: string, read: (fields: Fields) => T): T[] {
    const value = this.#value[name];
    if (!Array.isArray(value)) throw this.#wrong(name);
    return value.map((element: unknown) => read(new Fields(element)));
  }

  texts(name: string): string[] {
    const value = this.#value[name];
    if (!Array.isArray(value)) throw this.#wrong(name);
    return value.map((_, index) => new Fields({ [name]: value[index] }).text(name));
  }

  /** Reads an object whose members are all texts. */
  map(name: string): ReadonlyMap<string, string> {
    const fields = new Fields(this.#value[name]);
    return new Map(Object.keys(fields.#value).map((key) => [key, fields.text(key)]));
  }
}

/** The library, and the environment for which it answers questions. */
export class Library {
  readonly file: string;
  readonly #environ: Environ;

  /**
   * @param file Path of `libunsock.so`, complete and not writable by other users.
   * @param environ The environment that the library treats as the caller's.
   */
  constructor(file: string, environ: Environ) {
    this.file = file;
    this.#environ = environ;
  }

  /** Returns the same library with another environment. */
  with(environ: Environ): Library {
    return new Library(this.file, environ);
  }

  /**
   * Asks one question. Fails also as {@linkcode askAll} does.
   *
   * @param options Options of `run` that the answer depends on.
   * @throws {UnsockError} The question's `failure`, when the library has no answer.
   */
  ask<T>(question: Question<T>, options: RunOptions = {}): T {
    const [answer] = this.askAll([question], options);
    return answer();
  }

  /**
   * Asks several questions in one start of the library. A start takes about a millisecond.
   *
   * @returns A function for each answer, in the order of the questions.
   * @throws {UsageError} When an option cannot be read.
   * @throws {LibraryError} When the library cannot be started, or prints nothing.
   */
  askAll<const Q extends readonly Question<unknown>[]>(questions: Q, options: RunOptions = {}): Answers<Q> {
    const lines = this.#start([...optionWords(options), "--", ...questions.map(({ word }) => word)]);
    const answers = questions.map((question, index): Answer<unknown> => () => readAnswer(question, lines[index]));
    return answers as unknown as Answers<Q>; // each reads the answer to the question of its index
  }

  #start(words: readonly string[]): string[] {
    const { code, stdout, stderr } = this.#run(words);
    const why = stderr.trimEnd().replace(/^unsock: (query: )?/, "");
    if (code === 2) throw new UsageError(why);
    if (stdout === "") throw new LibraryError(`library ${this.file}: does not answer: ${why || `exit status ${code}`}`);
    return stdout.split("\n");
  }

  #run(words: readonly string[]): ReturnType<typeof runProgram> {
    try {
      return runProgram(this.file, ["query", ...words], this.#environ.variables());
    } catch (error) {
      throw new LibraryError(`library ${this.file}: cannot be executed: ${reason(error)}`, { cause: error });
    }
  }
}

function optionWords(options: RunOptions): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return value === true ? [optionFlag(name)] : [value].flat().map((text) => `${optionFlag(name)}=${text}`);
  });
}

function readAnswer<T>({ word, read, failure = UnsockError }: Question<T>, line: string | undefined): T {
  const answer = new Fields(parse(line ?? ""));
  if (answer.text("question") !== word) {
    throw new LibraryError(`library: unexpected answer to "${word}", perhaps another version's`);
  }
  const error = answer.maybeText("error");
  if (error !== undefined) throw new failure(error, { exitCode: answer.maybeNumber("status") });
  return read(answer);
}

/**
 * Reads the output of `query`, for callers that start the library themselves.
 *
 * @returns The answer to each question.
 * @throws {LibraryError} When a line is no JSON object.
 */
export function readAnswers(output: string): Fields[] {
  return output.trimEnd().split("\n").map((line) => new Fields(parse(line)));
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new LibraryError(`library: the answer is no JSON: ${reason(error)}`, { cause: error });
  }
}
