import { useState } from "react";
import { sentence } from "@/components/notify";

/** Sends a dialog's answer: what went wrong is said in the dialog, which stays open. */
export function useSubmit(run: () => Promise<unknown>, onDone: () => void) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  async function submit(): Promise<void> {
    setBusy(true);
    setProblem("");
    try {
      await run();
      onDone();
    } catch (error) {
      setProblem(sentence(error));
    } finally {
      setBusy(false);
    }
  }
  return { isBusy, problem, setProblem, submit: () => void submit() };
}
