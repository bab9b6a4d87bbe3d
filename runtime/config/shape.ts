import type { Shape } from 'castra:schema-validator';
import type { TomlPath } from './toml/meaning.ts';

/** The schema of what stands at a path, references followed; undefined where the schema knows nothing. */
export function shapeAt(root: Shape, path: TomlPath): Shape | undefined {
  let shape: Shape | undefined = root;
  for (const segment of path) {
    const next: Shape | undefined = step(shape, segment);
    if (next === undefined) return undefined;
    shape = resolve(root, next);
  }
  return shape;
}

function step({ items, properties = {}, additionalProperties }: Shape, segment: string | number): Shape | undefined {
  if (items) return items;
  if (Object.hasOwn(properties, segment)) return properties[segment];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

function resolve(root: Shape, shape: Shape): Shape {
  const name = shape.$ref?.split('/').at(-1);
  return name === undefined ? shape : { ...root.definitions?.[name], ...shape };
}

/** The words that a value may be. */
export function wordsOf({ enum: own, anyOf = [] }: Shape): readonly string[] {
  return own ?? anyOf.flatMap((branch) => branch.enum ?? []);
}
