/** The question to the library whether a client of a port would be answered, and to which file it would connect. */
import type { Question } from "../library/query.ts";
import { type AddressedPort, formatPort } from "../run/ports.ts";
import type { AddressAnswer } from "./port_verdict.ts";

const COVERED = ["yes", "address", "port"] as const;
const ANSWERS = ["ready", "soon", "nobody"] as const;

export type ClientAnswer = Omit<AddressAnswer, "address" | "mayConnect">;

export function clientQuestion(port: AddressedPort, address: string): Question<ClientAnswer> {
  return {
    word: `client=${formatPort({ ...port, address })}`,
    read: (fields) => ({
      covered: fields.word("covered", COVERED),
      answer: fields.word("answer", ANSWERS),
      file: fields.text("file"),
    }),
  };
}
