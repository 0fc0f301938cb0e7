/** The checks of `unsock doctor`: the library, the settings, and whether `AF_UNIX` sockets may be made and bound. */
import { type Answer, type Library, VERSION_QUESTION } from "../library/query.ts";
import { ownLibrary } from "../library/own.ts";
import { MAY_BIND_QUESTION, type PlaceOptions, SETTINGS_QUESTION } from "../run/run_settings.ts";
import { findPreloaded } from "../library/preloaded.ts";
import type { Context } from "../system/context.ts";
import { reason } from "../system/errors.ts";
import { VERSION } from "../system/version.ts";
import { bad, type Finding, note, ok } from "./finding.ts";
import { rewritingFinding } from "./rewriting.ts";

/** Returns the library, or the reason why there is none. */
export function libraryOrReason(context: Context, lib: string | undefined): Library | string {
  try {
    return ownLibrary(context, lib);
  } catch (error) {
    return reason(error);
  }
}

/** Returns findings about the library, the settings and sockets. If there is no library, returns only the reason. */
export function libraryFindings(
  context: Context,
  library: Library | string,
  place: PlaceOptions,
  lib: string | undefined,
): Finding[] {
  if (typeof library === "string") return [bad("library", library)];
  const [settings, mayBind, version] = library.askAll([SETTINGS_QUESTION, MAY_BIND_QUESTION, VERSION_QUESTION], place);
  const found = [settingsFinding(settings)];
  try {
    const { file, forEverybody } = findPreloaded(lib, context.environ);
    return [
      ...found,
      libraryFinding(file, version(), forEverybody),
      socketsFinding(mayBind),
      rewritingFinding(context, library, file),
    ];
  } catch (error) {
    return [...found, bad("library", reason(error)), socketsFinding(mayBind)];
  }
}

export function socketsFinding(answer: Answer<true>): Finding {
  try {
    answer();
    return ok("sockets", "sockets: AF_UNIX sockets may be made and bound");
  } catch (error) {
    return bad("sockets", reason(error));
  }
}

export function settingsFinding(answer: Answer<unknown>): Finding {
  try {
    answer();
    return ok("settings", "settings: every UNSOCK_ variable in the environment can be read");
  } catch (error) {
    const why = reason(error);
    const advice = why.startsWith("--") ? undefined : "every program that preloads the library ends with this line";
    return bad("settings", `settings: ${why}`, advice);
  }
}

function libraryFinding(file: string, version: string, forEverybody: boolean): Finding {
  if (version !== VERSION) {
    return bad("library", `library ${file}: version ${version}`, `this is unsock ${VERSION}: use its own`);
  }
  if (forEverybody) return ok("library", `library ${file}: version ${version}`);
  const advice =
    "a program that becomes another user is not redirected: use --lib with a copy that every user can read";
  return note("library", `library ${file}: version ${version}, only root can read it`, advice);
}
