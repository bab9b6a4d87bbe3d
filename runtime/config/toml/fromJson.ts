import { stringify } from 'smol-toml';

/** An object in JSON, written as TOML; undefined for what is not one, or has what TOML does not, such as `null`. */
export function tomlOfJson(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? `${stringify(value).trim()}\n` : undefined;
  } catch {
    return undefined;
  }
}
