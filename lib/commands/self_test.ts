import type { Command } from "commander";
import type { Context } from "../context.ts";
export function defineSelfTest(_program: Command, _context: Context, _settle: (exitCode: number) => void): void {}
