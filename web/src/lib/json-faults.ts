/** What is wrong in a JSON text, and where. Pure. */

import { type ParseError, parse, printParseErrorCode } from "jsonc-parser";

export interface Fault {
  from: number;
  to: number;
  message: string;
}

const WORDS: Record<string, string> = {
  InvalidSymbol: "This is no value.",
  InvalidNumberFormat: "This is no number.",
  PropertyNameExpected: 'A key in "double quotes" belongs here.',
  ValueExpected: "A value belongs here.",
  ColonExpected: "A colon belongs here.",
  CommaExpected: "A comma belongs here.",
  CloseBraceExpected: "A } belongs here.",
  CloseBracketExpected: "A ] belongs here.",
  EndOfFileExpected: "Nothing belongs behind the end.",
  UnexpectedEndOfComment: "This comment has no end.",
  UnexpectedEndOfString: "This text has no closing quote.",
};

/** All that is wrong; comments are right, as are commas at the end where a program takes them. */
export function faultsOf(text: string, { allowTrailingComma = false } = {}): Fault[] {
  const errors: ParseError[] = [];
  parse(text, errors, { allowTrailingComma });
  return errors.map(({ error, offset, length }) => {
    const from = Math.min(offset, text.length);
    const code = printParseErrorCode(error);
    return {
      from,
      to: Math.min(text.length, from + Math.max(1, length)),
      message: WORDS[code] ?? code,
    };
  });
}
