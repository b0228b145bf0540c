/** Changes of several files at once, as the batches that the daemon makes wholly or not at all. Pure. */

import type { Placed } from "./conflicts";
import { join, nameOf } from "./paths";

export type Step =
  | { operation: "mv" | "cp"; src: string; dest: string }
  | { operation: "rm"; path: string }
  | { operation: "chmod"; path: string; mode: string };

/** `id` of each is its path. What is replaced is removed in the same batch. */
export function transferSteps(
  operation: "mv" | "cp",
  items: readonly Placed[],
  folder: string,
): Step[] {
  return items.flatMap(({ id, name, replaces }): Step[] => {
    const dest = join(folder, name);
    if (dest === id) return [];
    const step: Step = { operation, src: id, dest };
    return replaces ? [{ operation: "rm", path: dest }, step] : [step];
  });
}

/** What puts moved things back; nothing does when something was replaced or copied. */
export function undoSteps(steps: readonly Step[]): Step[] {
  const isPlain = steps.every((step) => step.operation === "mv");
  if (!isPlain) return [];
  return steps
    .flatMap((step): Step[] =>
      step.operation === "mv" ? [{ operation: "mv", src: step.dest, dest: step.src }] : [],
    )
    .reverse();
}

export const removalSteps = (paths: readonly string[]): Step[] =>
  paths.map((path) => ({ operation: "rm", path }));

export const modeSteps = (paths: readonly string[], mode: string): Step[] =>
  paths.map((path) => ({ operation: "chmod", path, mode }));

export const namesOf = (paths: readonly string[]): string[] => paths.map(nameOf);
