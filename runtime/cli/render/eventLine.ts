export interface EventLine {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}
