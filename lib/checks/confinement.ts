/** Checks whether AppArmor or SELinux could stop unsock from redirecting a program (`docs/security.md`). */
import type { Library, Question } from "../library/query.ts";
import type { PlaceOptions } from "../run/run_settings.ts";
import { readText } from "../system/files.ts";
import { bad, type Finding, note, ok } from "./finding.ts";

const ANSWERS = ["none", "fits", "shut", "unmapped", "ignored"] as const;

/** The AppArmor profile or SELinux context of a program, and the result of the library's trial. */
export interface Confinement {
  /**
   * `none`: no profile confines the program. `fits`: the profile allows all that unsock needs. `shut`: the profile
   * allows no socket in the directory. `unmapped`: the profile forbids mapping the library. `ignored`: the kernel
   * would change the SELinux context at the program's start, and the dynamic linker would ignore LD_PRELOAD.
   */
  readonly answer: typeof ANSWERS[number];
  readonly profile: string;
  readonly directory: string;
}

function profileQuestion(file: string): Question<Confinement> {
  return {
    word: `profile=${file}`,
    read: (answer) => ({
      answer: answer.word("answer", ANSWERS),
      profile: answer.text("profile"),
      directory: answer.text("path"),
    }),
  };
}

/** @returns Findings; none if no AppArmor profile confines the program and SELinux does not enforce. */
export function confinementFindings(file: string, library: Library, place: PlaceOptions, loads: boolean): Finding[] {
  const found = formatConfinement(file, library.file, library.ask(profileQuestion(file), place), loads);
  return [found, selinuxFinding(readText("/sys/fs/selinux/enforce"))].filter((finding) => finding !== undefined);
}

/**
 * @param loads True if the kernel executes the library in the program's place: the program is static or trapped.
 * @returns The finding, or undefined if no profile confines the program.
 */
export function formatConfinement(
  file: string,
  library: string,
  { answer, profile, directory }: Confinement,
  loads = false,
): Finding | undefined {
  if (answer === "none") return undefined;
  if (answer === "ignored" && loads) {
    return note("confinement", `${file} does not get its SELinux context ${profile}: it keeps its caller's`);
  }
  if (answer === "ignored") {
    const context = `${file}: its SELinux context ${profile} does not let it preload the library`;
    return bad(
      "confinement",
      context,
      "allow noatsecure to the caller's domain, or use --engine trap: docs/security.md",
    );
  }
  const subject = `${file}: its AppArmor profile ${profile}`;
  const rules = `add to the profile: ${library} mrix, ${directory}/ r, ${directory}/** rwlk, unix,`;
  if (answer === "unmapped") return bad("confinement", `${subject} does not let it map the library`, rules);
  if (answer === "shut") return bad("confinement", `${subject} allows no socket in ${directory}`, rules);
  return ok("confinement", `${subject} allows the library and the directory`);
}

/** @param enforce The text of /sys/fs/selinux/enforce, or undefined if SELinux is not active. */
export function selinuxFinding(enforce: string | undefined): Finding | undefined {
  return enforce?.trim() !== "1" ? undefined : note(
    "confinement",
    "SELinux is enforcing: a program whose domain may not map the library is on the network, and unsock does not see this",
    "if a program is on the network under unsock: ausearch -m avc, and docs/security.md",
  );
}
