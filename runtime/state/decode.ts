/**
 * Reads JSON that another program, another version of Castra or a person may have written. A guard accepts a value or
 * refuses it whole. Fields that are not named are let pass: a newer Castra may have added them.
 */
export type Guard<T> = (value: unknown) => value is T;

export const text: Guard<string> = (value) => typeof value === 'string';
export const number: Guard<number> = (value): value is number => typeof value === 'number' && Number.isFinite(value);

export function oneOf<const Word extends string | number | boolean>(...words: readonly Word[]): Guard<Word> {
  return (value): value is Word => words.some((word) => word === value);
}

/** For a field that may be missing. */
export function optional<T>(guard: Guard<T>): Guard<T | undefined> {
  return (value): value is T | undefined => value === undefined || guard(value);
}

export function listOf<T>(guard: Guard<T>): Guard<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(guard);
}

export function either<A, B>(first: Guard<A>, second: Guard<B>): Guard<A | B> {
  return (value): value is A | B => first(value) || second(value);
}

/** An object with a guard for each field of `T`: the compiler reports a field that was forgotten. */
export function object<T extends object>(fields: { readonly [Key in keyof T]-?: Guard<T[Key]> }): Guard<T> {
  const guards = Object.entries<Guard<unknown>>(fields);
  return (value): value is T =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    guards.every(([key, guard]) => guard((value as Record<string, unknown>)[key]));
}
