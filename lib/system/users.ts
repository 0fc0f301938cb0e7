/** Users and groups. */
import process from "node:process";
import { readText } from "./files.ts";

let names: Map<number, string> | undefined;

/** @returns The effective user of this process. */
export function effectiveUser(): number {
  return process.geteuid?.() ?? -1;
}

/** True if `owner` is root or one of `users`. Files of these owners are trusted. */
export function mayOwn(owner: number, ...users: readonly number[]): boolean {
  return owner === 0 || users.includes(owner);
}

/** @returns The user's name by `/etc/passwd`, or the number. */
export function userName(uid: number): string {
  names ??= new Map(records("/etc/passwd").map(([name = "", , id]) => [Number(id), name]));
  return names.get(uid) ?? `${uid}`;
}

/**
 * @param told A user's name or number.
 * @returns The numbers of the user and of the user's group, and whether `/etc/passwd` lists the user. For an unlisted
 *   user, the group's number is the user's. Undefined for an unknown name.
 */
export function findUser(told: string): { uid: number; gid: number; isListed: boolean } | undefined {
  const isNumber = /^\d+$/.test(told);
  const [, , uid, gid] = records("/etc/passwd").find(([name, , id]) => name === told || (isNumber && id === told)) ??
    [];
  if (uid !== undefined) return { uid: Number(uid), gid: Number(gid), isListed: true };
  return isNumber ? { uid: Number(told), gid: Number(told), isListed: false } : undefined;
}

/** @returns The file's owner and mode: `alice's, mode 0600`. */
export function rightsOf({ uid, mode }: { readonly uid: number; readonly mode: number }): string {
  return `${whose(uid)}, mode ${(mode & 0o7777).toString(8).padStart(4, "0")}`;
}

/** @returns `alice's`, or words for a user whom this user namespace does not have. */
function whose(uid: number): string {
  return isKnownHere(uid) ? `${userName(uid)}'s` : "of a user outside this user namespace";
}

/**
 * False if `uid` is the overflow number, which the kernel shows for every user outside this user namespace
 * (user_namespaces(7)), and no user inside has this number.
 */
export function isKnownHere(uid: number): boolean {
  if (`${uid}` !== readText("/proc/sys/kernel/overflowuid")?.trim()) return true;
  const map = readText("/proc/self/uid_map")?.trim().split("\n").map((line) => line.trim().split(/ +/).map(Number));
  return map?.some(([first = 0, , count = 0]) => uid >= first && uid < first + count) ?? true;
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
