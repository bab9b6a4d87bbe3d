import { findLineEnd } from '../../../runtime/config/toml/lexer.ts';
import { basicString } from '../../../runtime/config/toml/write.ts';
import { shapeOf } from '../../text/keyDescriptions.ts';
import { schemaAt, typesOf } from '../../text/schema.ts';
import type { FixMaker } from './fix.ts';
import { isFirstOnLine } from './lines.ts';
import { partAt } from './places.ts';

/** `name: web` to `name = "web"`, and `project:` to `[project]`. */
export const fromYaml: FixMaker = (analysis, { span }) => {
  const { text, schema } = analysis;
  const named = partAt(analysis, span.from);
  const end = findLineEnd(text, span.to);
  const [, written, comment = ''] =
    /^[ \t]*:(?:[ \t]+([^#]*?))?[ \t]*,?[ \t]*(#.*)?$/.exec(text.slice(span.to, end)) ?? [];
  if (named === undefined || text[span.to] !== ':') return [];
  const { table, part } = named;
  const change = (line: string) => [
    {
      title: `Write \`${line}\``,
      changes: [{ from: span.from, to: end, text: line + (comment && ` ${comment}`) }],
      isPreferred: true,
    },
  ];
  if (written) {
    const types = typesOf(schemaAt(schema, [...table, part.text]) ?? {});
    return change(`${text.slice(span.from, span.to)} = ${types.includes('string') ? basicString(written) : written}`);
  }
  const shape = table.length === 0 && isFirstOnLine(text, span.from) ? shapeOf(schema, [part.text]) : 'other';
  if (shape === 'other') return [];
  return change(shape === 'tables' ? `[[${part.text}]]` : `[${part.text}]`);
};
