/** A text with `{0}` for each argument, in the language of the window. */
export type Say = (text: string, ...args: (string | number)[]) => string;

const inEnglish: Say = (text, ...args) => text.replace(/\{(\d+)\}/g, (_all, at: string) => String(args[Number(at)]));

let translate = inEnglish;

/** For modules that are tested without VS Code: English until the extension hands in VS Code's translation. */
export const say: Say = (text, ...args) => translate(text, ...args);

export function translateWith(translation: Say): void {
  translate = translation;
}
