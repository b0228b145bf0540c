import { Progress } from "@mantine/core";
import { IconCheck, IconX } from "@tabler/icons-react";
import { failed } from "@/components/notify";
import { Tool } from "@/components/tool";
import { bytes } from "@/lib/format";
import { t } from "@/lib/messages";
import { cancelJob, type Job } from "../jobs";
import { nameOf } from "../model/paths";
import classes from "./queue-panel.module.css";

/** An archive that is made or unpacked. */
export function JobRow({ job }: { job: Job }) {
  const { progress } = job;
  const part =
    progress && progress.bytesTotal > 0 ? (progress.bytesDone / progress.bytesTotal) * 100 : 0;
  return (
    <div className={classes.job} data-state={job.state} data-job={nameOf(job.name)}>
      <div className={classes.texts}>
        <span className={classes.name} title={job.name}>
          {titleOf(job)}
        </span>
        <span className={`${classes.note} number`} title={job.error}>
          {noteOf(job)}
        </span>
      </div>
      {job.state === "done" && <IconCheck size={18} className={classes.done} aria-hidden="true" />}
      {job.state === "going" && (
        <Tool label={t.files.queue.cancel} onClick={() => void cancelJob(job).catch(failed)}>
          <IconX size={16} />
        </Tool>
      )}
      {job.state === "going" && (
        <Progress
          value={part || 100}
          animated={part === 0}
          size={3}
          className={classes.jobBar ?? ""}
          aria-label={titleOf(job)}
        />
      )}
    </div>
  );
}

function titleOf(job: Job): string {
  const name = nameOf(job.name);
  const isPacking = job.kind === "compress";
  if (job.state === "done") {
    return isPacking ? t.files.archive.packed(name) : t.files.archive.unpacked(name);
  }
  return isPacking ? t.files.archive.packing(name) : t.files.archive.unpacking(name);
}

function noteOf(job: Job): string {
  if (job.state === "failed") return job.error;
  if (job.state === "ended") return t.files.archive.ended;
  const { progress } = job;
  if (!progress) return "";
  if (progress.state === "waiting") return t.files.archive.waiting;
  const files = t.files.archive.files(progress.entriesDone, progress.entriesTotal);
  const size = progress.bytesTotal
    ? t.files.queue.ofTotal(bytes(progress.bytesDone), bytes(progress.bytesTotal))
    : bytes(progress.bytesDone);
  return job.state === "done" ? bytes(progress.bytesDone) : `${files} · ${size}`;
}
