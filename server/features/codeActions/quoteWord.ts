import { findLineEnd } from '../../../runtime/config/toml/lexer.ts';
import { basicString } from '../../../runtime/config/toml/write.ts';
import { schemaAt, typesOf } from '../../text/schema.ts';
import type { FixMaker } from './fix.ts';
import { valueAt } from './places.ts';

/** A word without quotes, or a version; `True` is a boolean of another language. */
export const quoteWord: FixMaker = (analysis, { finding, span }) => {
  const found = valueAt(analysis, span.from);
  if (found?.value.kind !== 'invalid') return [];
  const { path, value } = found;
  // With more behind it the word is not all that is wrong: it may be the key of a table.
  if (!/^[ \t]*(?:[,\]}#\r\n]|$)/.test(analysis.text.slice(value.to, findLineEnd(analysis.text, value.to)))) return [];
  const types = typesOf(schemaAt(analysis.schema, path) ?? {});
  const lower = value.text.toLowerCase();
  if (types.length === 0 && (lower === 'true' || lower === 'false')) {
    return [
      { title: `Write \`${lower}\``, changes: [{ from: value.from, to: value.to, text: lower }], isPreferred: true },
    ];
  }
  const isText = types.length === 0 || types.includes('string');
  if (!isText && finding.code === 'toml/invalid-number') return [];
  const changes = [{ from: value.from, to: value.to, text: basicString(value.text) }];
  return [{ title: 'Add quotes', changes, ...(isText ? { isPreferred: true } : {}) }];
};
