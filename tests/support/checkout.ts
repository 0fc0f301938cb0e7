/** Git repositories for tests. Git's configuration of the user and the machine is left out. */
import { assertStrictEquals } from "@std/assert";
import { run } from "./process.ts";

const IDENTITY = { NAME: "Somebody", EMAIL: "somebody@example.org" };

const GIT_ENVIRONMENT: Record<string, string> = {
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  ...Object.fromEntries(
    Object.entries(IDENTITY).flatMap(([name, value]) => [[`GIT_AUTHOR_${name}`, value], [
      `GIT_COMMITTER_${name}`,
      value,
    ]]),
  ),
};

/** Runs git in a directory. Throws if git fails. */
export async function git(cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(
    ["git", "-c", "protocol.file.allow=always", "-c", "advice.detachedHead=false", ...args],
    { cwd, env: GIT_ENVIRONMENT },
  );
  assertStrictEquals(code, 0, `git ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** Makes a repository with one commit, on the branch `main`. */
export async function makeRepository(directory: string): Promise<void> {
  Deno.mkdirSync(directory, { recursive: true });
  await git(directory, "init", "-q", "-b", "main");
  await git(directory, "commit", "-q", "--allow-empty", "-m", "first");
}

/** Makes a worktree of the repository at `from`, on a new branch; without one, detached. */
export async function addWorktree(from: string, directory: string, branch?: string): Promise<void> {
  await git(from, "worktree", "add", "-q", ...branch === undefined ? ["--detach"] : ["-b", branch], directory);
}
