import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import onig from 'vscode-oniguruma';
import type { IGrammar } from 'vscode-textmate';
import textmate from 'vscode-textmate';
import type { Span } from '../../runtime/config/toml/syntax.ts';

const GRAMMARS: Readonly<Record<string, string>> = {
  'source.toml.castra': 'syntaxes/castra.tmLanguage.json',
  'output.castra-log': 'syntaxes/castra-log.tmLanguage.json',
};

/** A stretch of one line with its scopes from the outside in, without the one that all text has. */
export interface Token extends Span {
  readonly scopes: readonly string[];
}

/** A line without its line break, and where it starts in the text. */
export interface TokenLine {
  readonly from: number;
  readonly text: string;
  readonly tokens: readonly Token[];
}

export function readGrammar(scopeName: string): string {
  return readFileSync(join(process.cwd(), GRAMMARS[scopeName] ?? ''), 'utf8');
}

/** The grammar as VS Code runs it: the same engine, the same regular expressions. */
export async function loadGrammar(scopeName: string): Promise<IGrammar> {
  const wasm = readFileSync(createRequire(import.meta.url).resolve('vscode-oniguruma/release/onig.wasm'));
  await onig.loadWASM(new Uint8Array(wasm).buffer);
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new onig.OnigScanner(patterns),
      createOnigString: (text) => new onig.OnigString(text),
    }),
    loadGrammar: async (name) => textmate.parseRawGrammar(readGrammar(name), `${name}.json`),
  });
  const grammar = await registry.loadGrammar(scopeName);
  if (grammar === null) throw new Error(`There is no grammar ${scopeName}`);
  return grammar;
}

/** Line by line, as an editor does: the line breaks are not seen, and all three kinds end a line. */
export function tokenize(grammar: IGrammar, text: string): TokenLine[] {
  let stack = textmate.INITIAL;
  return [...text.matchAll(/([^\r\n]*)(?:\r\n|\r|\n|$)/g)].map((match) => {
    const [, line = ''] = match;
    const from = match.index;
    const result = grammar.tokenizeLine(line, stack);
    stack = result.ruleStack;
    const tokens = result.tokens.map(({ startIndex, endIndex, scopes }) => ({
      from: from + startIndex,
      to: from + Math.min(endIndex, line.length),
      scopes: scopes.slice(1),
    }));
    return { from, text: line, tokens: tokens.filter((token) => token.to > token.from) };
  });
}

/** All lines with what is coloured on each of them. For golden files, so made for reading. */
export function showTokens(grammar: IGrammar, text: string): string {
  const lines = tokenize(grammar, text).flatMap((line) => {
    const shown = line.tokens.filter(({ scopes }) => scopes.length > 0);
    return [`|${line.text}`, ...shown.map((token) => showToken(text, token))];
  });
  return `${lines.join('\n').replace(/\n\|$/, '')}\n`;
}

function showToken(text: string, { from, to, scopes }: Token): string {
  return `    ${JSON.stringify(text.slice(from, to)).padEnd(24)}  ${scopes.join(' ')}`;
}
