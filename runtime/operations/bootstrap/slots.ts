/** Lets only so many work at a time. */
export interface Slots {
  take(): Promise<void>;
  free(): void;
}

export function openSlots(count: number): Slots {
  let left = count;
  const waiting: (() => void)[] = [];
  return {
    take() {
      if (left > 0) {
        left--;
        return Promise.resolve();
      }
      return new Promise((done) => waiting.push(done));
    },
    free() {
      const next = waiting.shift();
      if (next) next();
      else left++;
    },
  };
}
