/** nginx with the server of a page, its workers as the page's `www-data`. */
import { type Proc, start } from "../support/process.ts";

const isRoot = Deno.uid() === 0;

/** Debian's number of www-data; an ordinary user's workers are the same user. */
export const WWW_DATA = isRoot ? 33 : Deno.gid() ?? 0;

/**
 * @param dir Where its files go.
 * @param server The text in `http { }`.
 * @param types Lines of its table of types.
 * @returns The process, to be held with `await using`.
 */
export function startNginx(dir: string, server: string, types = ""): Proc {
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${dir}/${name};`);
  const file = `${dir}/nginx.conf`;
  Deno.writeTextFileSync(
    file,
    `
daemon off;
pid ${dir}/nginx.pid;
${isRoot ? "user www-data;" : ""}
error_log stderr;
events {}
http {
access_log off;
types { ${types} }
${paths.join("\n")}
${server}
}
`,
  );
  return start(["nginx", "-e", "stderr", "-p", dir, "-c", file]);
}
