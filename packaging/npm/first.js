#!/usr/bin/env node
// Before anything else is loaded, on every Node.js that there was: what follows is for those that have this function.
if (!process.getBuiltinModule) {
  console.error("unsock: needs Node.js OLDEST or newer: this is " + process.versions.node);
  process.exit(process.argv[2] === "run" ? 125 : 69);
}
