/** An npm registry with the packages of this machine, for `npx` and Deno's `npm:`. */
import { createHash } from "node:crypto";
import { VERSION } from "../../lib/system/version.ts";
import { run } from "../support/process.ts";

interface Manifest {
  readonly name: string;
  readonly optionalDependencies?: Record<string, string>;
}

async function readManifest(file: string): Promise<Manifest> {
  return JSON.parse((await run(["tar", "-xzOf", file, "package/package.json"])).stdout);
}

/** Returns the registry's description of a package. */
function describe(manifest: Manifest, dist: Record<string, string>): unknown {
  const versions = { [VERSION]: { version: VERSION, ...manifest, dist } };
  return { name: manifest.name, "dist-tags": { latest: VERSION }, versions };
}

/**
 * Runs a registry of npm packages.
 *
 * @param files The packages.
 * @param use Gets its address.
 */
export async function withRegistry(files: readonly string[], use: (address: string) => Promise<void>): Promise<void> {
  const packages = new Map<string, unknown>();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ url }) => {
    const name = new URL(url).pathname.slice(1);
    if (name.startsWith("files/")) return new Response(Deno.readFileSync(files[Number(name.slice(6))] ?? ""));
    return packages.has(name) ? Response.json(packages.get(name)) : new Response("{}", { status: 404 });
  });
  const address = `http://127.0.0.1:${server.addr.port}/`;
  for (const [index, file] of files.entries()) {
    const manifest = await readManifest(file);
    const integrity = `sha512-${createHash("sha512").update(Deno.readFileSync(file)).digest("base64")}`;
    packages.set(manifest.name, describe(manifest, { tarball: `${address}files/${index}`, integrity }));
    // Those of other machines are asked about, and not taken.
    for (const name of Object.keys(manifest.optionalDependencies ?? {})) {
      const other = { name, os: ["linux"], cpu: ["none"] };
      if (!packages.has(name)) packages.set(name, describe(other, { tarball: `${address}none` }));
    }
  }
  await use(address);
}
