/** How a command sets its exit code. */
export type Finish = (exitCode: number) => void;
