/** Questions to the library about the variables and the directory of `run`. The library reads options and variables. */
import type { Question } from "../library/query.ts";
import { UsageError } from "../system/errors.ts";

/** A directory, and whether the user named it. */
export interface ChosenDirectory {
  readonly path: string;
  /** False for the default directory, which must be safe by itself as the user did not name it. */
  readonly asked: boolean;
}

/** The options that choose the directory. */
export type PlaceOptions = { readonly dir?: string; readonly here?: true };

/** The directory, and the library's variables as a command under `run` would see them. */
export interface RunSettings {
  readonly directory: ChosenDirectory;
  readonly variables: ReadonlyMap<string, string>;
}

/** The question for the settings of a command that `run` would start. The option `lib` names the library to preload. */
export const SETTINGS_QUESTION: Question<RunSettings> = {
  word: "settings",
  failure: UsageError,
  read: (answer) => ({
    directory: { path: answer.text("path"), asked: answer.flag("asked") },
    variables: answer.map("variables"),
  }),
};

/** A directory, and its problem, if any. */
export interface CheckedDirectory extends ChosenDirectory {
  readonly exists: boolean;
  /** The error with which `run` would end, or undefined if the directory can be used. */
  readonly problem: string | undefined;
}

/** The question for the directory that `here`, `dir` or `UNSOCK_DIR` chooses, or else for the default directory. */
export const DIRECTORY_QUESTION: Question<CheckedDirectory> = {
  word: "directory",
  failure: UsageError,
  read: (answer) => ({
    path: answer.text("path"),
    asked: answer.flag("asked"),
    exists: answer.flag("exists"),
    problem: answer.maybeText("problem"),
  }),
};

/** The question that makes the directory if it is missing, and checks it. The answer is whether it was made. */
export const PREPARE_QUESTION: Question<boolean> = { word: "prepare", read: (answer) => answer.flag("made") };

/** The question whether this process may make and bind `AF_UNIX` sockets. If not, `ask` throws the error of `run`. */
export const MAY_BIND_QUESTION: Question<true> = { word: "may-bind", read: () => true };

/** The question that makes a socket in the directory as a trial. If this fails, `ask` throws the reason. */
export const HOLDS_QUESTION: Question<true> = { word: "holds", read: () => true };
