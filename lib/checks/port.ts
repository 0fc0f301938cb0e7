/** The checks of `unsock doctor PORT`. */
import type { Library } from "../library/query.ts";
import { type AddressedPort, portQuestion } from "../run/ports.ts";
import type { PlaceOptions } from "../run/run_settings.ts";
import type { Context } from "../system/context.ts";
import { reason } from "../system/errors.ts";
import { environmentFindings } from "./command.ts";
import { findingsIn } from "./directory_findings.ts";
import { bad, type Finding, ok, whyNot } from "./finding.ts";
import { socketsFinding } from "./library_findings.ts";
import { askAboutPort, factsOfPort, type PortAnswers, unreadSetting } from "./port_facts.ts";
import { judgePort } from "./port_verdict.ts";

/**
 * @returns Findings about one port, its directory, real IP and other directories. The last finding is the verdict:
 *   whether a client is answered if this user starts it in this shell.
 */
export function diagnosePort(
  text: string,
  context: Context,
  library: Library | string,
  place: PlaceOptions,
): Finding[] {
  if (typeof library === "string") return [bad("verdict", library, "name the library with --lib, or UNSOCK_LIB")];
  const port = library.ask(portQuestion(text));
  try {
    const asked = askAboutPort(port, library, place);
    const unread = whyNot(asked.directory);
    if (unread !== undefined) return [...environmentFindings(context), bad("verdict", ...unreadSetting(unread))];
    return [
      ...environmentFindings(context),
      socketsFinding(asked.mayBind),
      ...findingsIn(asked, library, port),
      verdictFinding(port, asked, library, context),
    ];
  } catch (error) {
    return [...environmentFindings(context), bad("verdict", reason(error))];
  }
}

function verdictFinding(port: AddressedPort, asked: PortAnswers, library: Library, context: Context): Finding {
  const { answered, text, advice } = judgePort(factsOfPort(port, asked, library, context));
  return { ...(answered ? ok("verdict", text) : bad("verdict", text)), ...advice === undefined ? {} : { advice } };
}
