/** QEMU splits option values at commas; a doubled comma is a literal one. */
export function escapeComma(value: string): string {
  return value.replaceAll(',', ',,');
}
