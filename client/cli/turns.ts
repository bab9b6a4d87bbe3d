/** A command that a click asked for; of those for the same VM the earlier comes first. */
export interface Turn {
  /** The VMs of commands that are still before it. */
  readonly waitsFor: readonly string[];
  /** True once it is its turn; false when it was given up before. */
  readonly come: Promise<boolean>;
  /** It ended, or is not wanted any more: what waits for it can go on. */
  end(): void;
}

interface Place {
  readonly project: string;
  readonly vms: readonly string[];
  readonly ended: Promise<void>;
}

/** No click is lost: a command waits for those of this window that are about one of its VMs. */
export function takeTurns(): { enter(project: string, vms: readonly string[]): Turn } {
  const places = new Set<Place>();
  return {
    enter(project, vms) {
      const before = [...places].filter((place) => place.project === project && overlap(place.vms, vms));
      let end = () => {};
      const ended = new Promise<void>((done) => {
        end = done;
      });
      const place = { project, vms, ended };
      places.add(place);
      let isOver = false;
      const come = Promise.race([Promise.all(before.map((one) => one.ended)), ended]).then(() => !isOver);
      return {
        waitsFor: [...new Set(before.flatMap((one) => one.vms))],
        come,
        end() {
          isOver = true;
          places.delete(place);
          end();
        },
      };
    },
  };
}

/** No names stand for all VMs. */
function overlap(some: readonly string[], others: readonly string[]): boolean {
  return some.length === 0 || others.length === 0 || some.some((name) => others.includes(name));
}
