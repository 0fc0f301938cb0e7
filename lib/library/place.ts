/** The name of the library's file, and the path of the library that belongs to this program. */
import { dirname } from "node:path";

export const NAME = "libunsock.so";

/** The source tree; in a compiled binary, its embedded files; in the npm package, its directory. */
export const ROOT = dirname(dirname(import.meta.dirname ?? "/"));

/** The library built in this source tree; in a compiled binary, the embedded one. */
export const BUILT = `${ROOT}/build/${NAME}`;

/** Looks up an environment variable; an empty one counts as unset. */
export type Variables = (name: string) => string | undefined;
