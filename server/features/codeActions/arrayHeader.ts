import type { Analysis } from '../../documents/analysis.ts';
import { shapeOf } from '../../text/keyDescriptions.ts';
import type { FixMaker } from './fix.ts';

/** `[vms]` to `[[vms]]`, all of them at once: one alone would be in conflict with the others. */
export const arrayHeader: FixMaker = ({ syntax, schema }, { span }) => {
  const { sections } = syntax.document.root;
  const isAt = (offset: number) => span.from <= offset && offset < span.to;
  const own = sections.find(({ header }) => isAt(header.from) || isAt(header.key?.parts.at(-1)?.from ?? -1))?.header;
  const names = own?.key?.parts.map(({ text }) => text) ?? [];
  if (own === undefined || own.isArray || names.length === 0 || shapeOf(schema, rowPath(schema, names)) !== 'tables')
    return [];
  const single = sections.filter(({ header: { isArray, isClosed, key } }) => {
    const isSame = key?.parts.length === names.length && key.parts.every(({ text }, at) => text === names[at]);
    return isSame && isClosed && !isArray;
  });
  const changes = single.flatMap(({ header: { from, to } }) => [
    { from, to: from, text: '[' },
    { from: to, to, text: ']' },
  ]);
  return [
    { title: `Write \`[[${names.join('.')}]]\``, changes, isPreferred: true, claim: `header ${names.join('.')}` },
  ];
};

/** As the schema counts: each list of tables on the way has rows. */
function rowPath(schema: Analysis['schema'], names: readonly string[]): readonly (string | number)[] {
  const path: (string | number)[] = [];
  for (const [at, name] of names.entries()) {
    path.push(name);
    if (at < names.length - 1 && shapeOf(schema, path) === 'tables') path.push(0);
  }
  return path;
}
