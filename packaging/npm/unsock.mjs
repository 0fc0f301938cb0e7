/** The module for `import`. `unsock.cjs` has the code: so both have the same classes. */
import module from "./unsock.cjs";

export const { CommandError, isSupported, Loopback, loopback, UnsockError } = module;
