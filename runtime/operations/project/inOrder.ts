/** Something with a name that others wait for. */
interface Named {
  readonly name: string;
}

/**
 * Runs every task, each as soon as those of them that it comes after have ended, and gives it their results. `after`
 * must not lead in a circle; names that are not tasks are not waited for. Results are in the order of `tasks`.
 */
export function runInOrder<Task extends Named, Result>(
  tasks: readonly Task[],
  after: (task: Task) => readonly string[],
  run: (task: Task, earlier: readonly Result[]) => Promise<Result>,
): Promise<Result[]> {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const begun = new Map<string, Promise<Result>>();
  const begin = (task: Task): Promise<Result> => {
    const known = begun.get(task.name);
    if (known) return known;
    const earlier = after(task).flatMap((name) => byName.get(name) ?? []);
    const result = Promise.all(earlier.map(begin)).then((results) => run(task, results));
    begun.set(task.name, result);
    return result;
  };
  return Promise.all(tasks.map(begin));
}
