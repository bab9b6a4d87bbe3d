/** How a command tells its exit code. */
export type Finish = (exitCode: number) => void;
