/** How a document is to look. Few choices: most of a layout is fixed. */
export interface Style {
  /** One step of indentation. */
  readonly step: string;
  /** Whether nested tables are indented, one step per dot in their header. */
  readonly indent: boolean;
  /** Whether the `=` and the comments behind the entries of a paragraph stand below each other. */
  readonly align: boolean;
  /** The comma behind the last item of a list that has one item per line. */
  readonly trailingComma: TrailingComma;
  /** Columns: an array on one line that ends behind this gets one line per item. */
  readonly arrayWidth: number;
  readonly insertFinalNewline: boolean;
  readonly trimFinalNewlines: boolean;
}

/** `keep` changes white space only, so it is the default. */
export type TrailingComma = 'keep' | 'always' | 'never';

export const DEFAULT_STYLE: Style = {
  step: '  ',
  indent: false,
  align: false,
  trailingComma: 'keep',
  arrayWidth: 100,
  insertFinalNewline: true,
  trimFinalNewlines: true,
};
