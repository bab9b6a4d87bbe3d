import { findLineStart } from '../../../runtime/config/toml/lexer.ts';
import { canBeIgnored } from '../../../runtime/contract/diagnosticCodes.ts';
import { cursorAt } from '../../text/cursor.ts';
import { type FixMaker, insert } from './fix.ts';
import { isFirstOnLine, lineBreak, wholeLines } from './lines.ts';

/** A comment above the line, unless that would be inside a text. */
export const ignore: FixMaker = (analysis, { finding, span }) => {
  const { text, syntax } = analysis;
  if (finding.severity === 'error' || !canBeIgnored(finding.code)) return [];
  // Where a text that is still open ends is a guess, and another line may change it.
  if (syntax.document.errors.some(({ code }) => code === 'unterminated-string')) return [];
  const start = findLineStart(text, span.from);
  const cursor = cursorAt(syntax.document, syntax.tree, start);
  const isInText = cursor.kind === 'value' && cursor.value.kind === 'string' && cursor.value.from < start;
  if (isInText) return [];
  const at = Math.max(start, text.startsWith('\uFEFF') ? 1 : 0);
  const name = finding.code.replace(/^config\//, '');
  const indent = /^[ \t]*/.exec(text.slice(at, span.from))?.[0] ?? '';
  const changes = [insert(at, `${indent}# castra: ignore ${name}${lineBreak(text)}`)];
  return [{ title: `Ignore \`${name}\` on this line`, changes }];
};

/** A code that hides nothing goes; with the last one, the comment. */
export const removeIgnore: FixMaker = ({ text, suppressions, syntax }, { span }) => {
  const comment = syntax.document.comments.find(({ from, to }) => from <= span.from && span.to <= to);
  if (comment === undefined) return [];
  const codes = suppressions.filter(({ from, to }) => comment.from <= from && to <= comment.to);
  const at = codes.findIndex(({ from }) => from === span.from);
  const [before, after] = [codes[at - 1], codes[at + 1]];
  const title = 'Remove it';
  const claim = `comment ${comment.from}`;
  if (after) return [{ title, changes: [{ from: span.from, to: after.from, text: '' }], isPreferred: true, claim }];
  if (before) return [{ title, changes: [{ from: before.to, to: span.to, text: '' }], isPreferred: true, claim }];
  const start = /[ \t]*$/.exec(text.slice(0, comment.from))?.index ?? comment.from;
  const whole = isFirstOnLine(text, comment.from) ? wholeLines(text, comment) : { from: start, to: comment.to };
  return [{ title, changes: [{ ...whole, text: '' }], isPreferred: true, claim }];
};
