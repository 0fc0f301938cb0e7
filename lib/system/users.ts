/** Users and groups. */
import process from "node:process";
import { readText } from "./files.ts";

let names: Map<number, string> | undefined;

/** @returns This process's effective user, on whom trust depends. */
export function effectiveUser(): number {
  return process.geteuid?.() ?? -1;
}

/** True if what `owner` owns is trusted as root's and these users' own is. */
export function mayOwn(owner: number, ...users: readonly number[]): boolean {
  return owner === 0 || users.includes(owner);
}

/** @returns The user's name by `/etc/passwd`, or the number. */
export function userName(uid: number): string {
  names ??= new Map(records("/etc/passwd").map(([name = "", , id]) => [Number(id), name]));
  return names.get(uid) ?? `${uid}`;
}

/** @returns The user's numbers, by name or number; `isListed`: by `/etc/passwd`. Undefined: there is no such user. */
export function findUser(told: string): { uid: number; gid: number; isListed: boolean } | undefined {
  const isNumber = /^\d+$/.test(told);
  const [, , uid, gid] = records("/etc/passwd").find(([name, , id]) => name === told || (isNumber && id === told)) ??
    [];
  if (uid !== undefined) return { uid: Number(uid), gid: Number(gid), isListed: true };
  return isNumber ? { uid: Number(told), gid: Number(told), isListed: false } : undefined;
}

/** @returns The group's name by `/etc/group`, or the number. */
export function groupName(gid: number): string {
  return records("/etc/group").find(([, , id]) => Number(id) === gid)?.[0] ?? `${gid}`;
}

/** @returns Whether only the user and root are in the group, according to `/etc/passwd` and `/etc/group`. */
export function isGroupOnlyOf(gid: number, uid: number): boolean {
  const known = [userName(uid), userName(0)];
  const group = records("/etc/group").find(([, , id]) => Number(id) === gid);
  if (group === undefined) return false;
  const members = (group[3] ?? "").split(",").filter((name) => name !== "");
  const first = records("/etc/passwd").filter(([, , , id]) => Number(id) === gid).map(([name = ""]) => name);
  return [...members, ...first].every((name) => known.includes(name));
}

/** Returns the fields of each line of a colon-separated file; none if it cannot be read. */
function records(file: string): string[][] {
  return (readText(file) ?? "").split("\n").filter((line) => line !== "").map((line) => line.split(":"));
}
