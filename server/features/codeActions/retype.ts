import { basicString } from '../../../runtime/config/toml/write.ts';
import { schemaAt, typesOf } from '../../text/schema.ts';
import type { FixMaker } from './fix.ts';
import { valueAt } from './places.ts';

/** A number that should be in quotes, or the other way round. */
export const retype: FixMaker = (analysis, { span }) => {
  const found = valueAt(analysis, span.from);
  const schema = found && schemaAt(analysis.schema, found.path);
  if (found === undefined || schema === undefined) return [];
  const { from, to, kind } = found.value;
  const types = typesOf(schema);
  const written = analysis.text.slice(from, to);
  if (types.join() === 'string' && ['integer', 'float', 'boolean', 'datetime'].includes(kind)) {
    return [{ title: 'Add quotes', changes: [{ from, to, text: basicString(written) }], isPreferred: true }];
  }
  const number = numberIn(found.value.kind === 'string' ? found.value.value : written);
  const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = schema;
  if (!types.includes('integer') || number === undefined || number < minimum || number > maximum) return [];
  return [{ title: `Write \`${number}\``, changes: [{ from, to, text: String(number) }], isPreferred: true }];
};

function numberIn(text: string): number | undefined {
  return /^\d{1,9}(?:\.0+)?$/.test(text.trim()) ? Number(text) : undefined;
}
