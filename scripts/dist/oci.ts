/**
 * Makes an OCI image layout in a tar archive, for `COPY --from`: an image with the library alone (`FROM scratch`) for
 * each machine. Writes the layout itself, so that no daemon is needed: https://github.com/opencontainers/image-spec
 * (image-layout.md, manifest.md, config.md).
 */
import * as path from "@std/path/posix";
import { VERSION } from "../../lib/system/version.ts";
import { tellStep } from "../progress.ts";
import { ALIKE, DATE, run, sha256, withStage } from "./tools.ts";

/** A library, and its machine's name in Go. */
export interface OciLibrary {
  readonly architecture: "amd64" | "arm64";
  readonly file: string;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const TYPE = "application/vnd.oci.image";
const CREATED = new Date(Number(DATE) * 1000).toISOString().replace(".000", "");

async function blob(layout: string, kind: string, bytes: Uint8Array): Promise<Descriptor> {
  const part = path.join(layout, "blobs/sha256/part");
  await Deno.writeFile(part, bytes);
  const hash = await sha256(part);
  await Deno.rename(part, path.join(layout, "blobs/sha256", hash));
  return { mediaType: `${TYPE}.${kind}`, digest: `sha256:${hash}`, size: bytes.length };
}

function json(content: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(content));
}

/** Makes a layer with `/libunsock.so`, and `/unsock` as a link to it: the library runs a command by itself. */
async function layer(file: string): Promise<Uint8Array> {
  return await withStage(async (stage) => {
    await Deno.copyFile(file, path.join(stage, "libunsock.so"));
    await Deno.chmod(path.join(stage, "libunsock.so"), 0o755);
    await Deno.symlink("libunsock.so", path.join(stage, "unsock"));
    const archive = path.join(stage, "layer.tar");
    await run("tar", [...ALIKE, "--format=ustar", "-cf", archive, "libunsock.so", "unsock"], stage);
    return await Deno.readFile(archive);
  });
}

async function image(layout: string, { architecture, file }: OciLibrary): Promise<object> {
  const content = await blob(layout, "layer.v1.tar", await layer(file));
  const config = await blob(
    layout,
    "config.v1+json",
    json({
      created: CREATED,
      architecture,
      os: "linux",
      config: { Entrypoint: ["/unsock"] },
      rootfs: { type: "layers", diff_ids: [content.digest] },
    }),
  );
  const manifest = { schemaVersion: 2, mediaType: `${TYPE}.manifest.v1+json`, config, layers: [content] };
  return { ...await blob(layout, "manifest.v1+json", json(manifest)), platform: { architecture, os: "linux" } };
}

/** Makes `unsock-VERSION-oci.tar` in the directory `out`, with one library for each machine. */
export async function makeOciLayout(out: string, libraries: readonly OciLibrary[]): Promise<void> {
  const name = `unsock-${VERSION}-oci.tar`;
  tellStep(name);
  await withStage(async (layout) => {
    await Deno.mkdir(path.join(layout, "blobs/sha256"), { recursive: true });
    const images: object[] = [];
    for (const library of libraries) images.push(await image(layout, library));
    const index = await blob(
      layout,
      "index.v1+json",
      json({ schemaVersion: 2, mediaType: `${TYPE}.index.v1+json`, manifests: images }),
    );
    const annotations = { "org.opencontainers.image.ref.name": VERSION };
    await Deno.writeFile(path.join(layout, "oci-layout"), json({ imageLayoutVersion: "1.0.0" }));
    const top = { schemaVersion: 2, mediaType: `${TYPE}.index.v1+json`, manifests: [{ ...index, annotations }] };
    await Deno.writeFile(path.join(layout, "index.json"), json(top));
    await run(
      "tar",
      [...ALIKE, "--format=ustar", "-cf", path.join(out, name), "oci-layout", "index.json", "blobs"],
      layout,
    );
  });
}
