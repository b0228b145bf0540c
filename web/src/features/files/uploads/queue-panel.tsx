import { Button, CloseButton, Group, Progress } from "@mantine/core";
import { IconChevronDown, IconPlayerPause, IconPlayerPlay, IconRefresh } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { refused } from "@/components/notify";
import { Tool } from "@/components/tool";
import { bytes, duration } from "@/lib/format";
import { t } from "@/lib/messages";
import { recall, remember } from "@/lib/storage";
import { useStore } from "@/lib/store";
import { setTransfers } from "@/lib/transfers";
import { clearJobs, type Job, jobs, restoreJobs } from "../jobs";
import { speed, timeLeft } from "../model/rate";
import { fromList } from "./collect";
import { JobRow } from "./job-row";
import { type Item, isOpen, type Summary, summary } from "./queue";
import classes from "./queue-panel.module.css";
import { UploadList } from "./upload-list";
import { uploader } from "./uploader";

const OPEN_KEY = "transfers-open";
/** A phone has no room to spare. */
const startsOpen = () => recall(OPEN_KEY, window.matchMedia("(min-width: 48em)").matches);

/** Uploads and archives: how far they are, and what can be done about them. */
export function QueuePanel() {
  const queue = useStore(uploader.queue);
  const all = useStore(jobs);
  const [isOpened, setOpened] = useState(startsOpen);
  const [isRead, setRead] = useState(false);
  useEffect(() => {
    restoreJobs();
    void uploader.restore().then(() => setRead(true));
  }, []);
  const isEmpty = queue.items.length === 0 && all.length === 0;
  useEffect(() => {
    if (isRead && isEmpty) setTransfers(false);
  }, [isRead, isEmpty]);
  if (isEmpty) return null;
  const sums = summary(queue.items);
  const isBusy = sums.active > 0 || all.some((job) => job.state === "going");
  const hasOpen = queue.items.some(isOpen) || isBusy;
  const close = () => {
    uploader.clear();
    clearJobs();
  };
  return (
    <section className={classes.panel} aria-label={t.files.queue.title} data-opened={isOpened}>
      <header className={classes.head}>
        <h2 className={classes.title} aria-live="polite">
          {titleOf(sums, all)}
        </h2>
        <Tool
          label={isOpened ? t.files.queue.hide : t.files.queue.show}
          onClick={() => {
            setOpened(!isOpened);
            remember(OPEN_KEY, !isOpened);
          }}
        >
          <IconChevronDown size={18} className={classes.chevron} />
        </Tool>
        {!hasOpen && <CloseButton size="lg" aria-label={t.files.queue.close} onClick={close} />}
      </header>
      {sums.size > 0 && sums.all > sums.done && <Overall sums={sums} />}
      {isOpened && (
        <>
          <Controls sums={sums} />
          {sums.lost > 0 && <Lost items={queue.items} />}
          {all.map((job) => (
            <JobRow key={job.token} job={job} />
          ))}
          {queue.items.length > 0 && <UploadList items={queue.items} />}
        </>
      )}
    </section>
  );
}

function titleOf(sums: Summary, all: readonly Job[]): string {
  if (sums.active > 0) return t.files.queue.uploading(sums.active);
  if (sums.lost > 0) return t.files.queue.lost(sums.lost);
  if (sums.paused > 0) return t.files.queue.paused(sums.paused);
  if (sums.failed > 0) return t.files.queue.failed(sums.failed);
  if (sums.done > 0) return t.files.queue.done(sums.done);
  return t.files.queue.working(all.length);
}

function Overall({ sums }: { sums: Summary }) {
  const rate = useStore(uploader.queue, (queue) => queue.rate);
  const perSecond = speed(rate);
  const left = timeLeft(rate, sums.size - sums.sent);
  return (
    <div className={classes.overall}>
      <Progress
        value={(sums.sent / sums.size) * 100}
        size="sm"
        aria-label={t.files.queue.title}
        color={sums.active > 0 ? "petrol" : sums.failed > 0 ? "red" : "gray"}
      />
      <span className={`${classes.facts} number`}>
        <span>{t.files.queue.filesOf(sums.done, sums.all)}</span>
        <span>{t.files.queue.ofTotal(bytes(sums.sent), bytes(sums.size))}</span>
        {perSecond > 0 && <span>{t.files.queue.speed(bytes(perSecond))}</span>}
        {left !== undefined && <span>{t.files.queue.left(duration(left + 999))}</span>}
      </span>
    </div>
  );
}

function Controls({ sums }: { sums: Summary }) {
  const open = sums.active + sums.paused + sums.failed + sums.lost;
  const cancelAll = () => {
    const ids = uploader.queue
      .get()
      .items.filter(isOpen)
      .map((item) => item.id);
    if (window.confirm(t.files.queue.cancelTitle(ids.length))) uploader.cancel(new Set(ids));
  };
  if (sums.all === 0) return null;
  return (
    <Group gap={6} className={classes.controls ?? ""}>
      {sums.active > 0 && (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconPlayerPause size={15} />}
          onClick={() => uploader.pause()}
        >
          {t.files.queue.pauseAll}
        </Button>
      )}
      {sums.paused > 0 && (
        <Button
          size="compact-sm"
          leftSection={<IconPlayerPlay size={15} />}
          onClick={() => uploader.resume()}
        >
          {t.files.queue.resumeAll}
        </Button>
      )}
      {sums.failed > 0 && (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconRefresh size={15} />}
          onClick={() => uploader.retry()}
        >
          {t.files.queue.retryFailed}
        </Button>
      )}
      {open > 0 && (
        <Button size="compact-sm" variant="default" onClick={cancelAll}>
          {t.files.queue.cancelAll}
        </Button>
      )}
      {sums.done > 0 && open > 0 && (
        <Button
          size="compact-sm"
          variant="subtle"
          color="gray"
          visibleFrom="sm"
          onClick={() => uploader.clear()}
        >
          {t.files.queue.clear}
        </Button>
      )}
    </Group>
  );
}

/** Large files have to be chosen once more after a reload, or the browser has to be allowed to. */
function Lost({ items }: { items: readonly Item[] }) {
  const isReopenable = items.some((item) => item.state === "lost" && item.isReopenable);
  const reopen = async () => {
    if ((await uploader.reopen()) === 0) refused(t.errors.title, t.files.queue.notReopened);
  };
  const take = (field: HTMLInputElement) => {
    const { files } = fromList(field.files ?? []);
    field.value = "";
    if (files.length > 0 && uploader.give(files) === 0) {
      refused(t.errors.title, t.files.queue.noFit);
    }
  };
  return (
    <div className={classes.lost}>
      <p>{isReopenable ? t.files.queue.reopenText : t.files.queue.lostText}</p>
      <Group gap={6}>
        {isReopenable && (
          <Button size="compact-sm" onClick={() => void reopen()}>
            {t.files.queue.reopen}
          </Button>
        )}
        <Pick label={t.files.queue.again} isSecond={isReopenable} onTake={take} />
        <Pick label={t.files.queue.againFolder} isFolder isSecond onTake={take} />
      </Group>
    </div>
  );
}

interface PickProps {
  label: string;
  isFolder?: boolean;
  isSecond: boolean;
  onTake: (field: HTMLInputElement) => void;
}

function Pick({ label, isFolder = false, isSecond, onTake }: PickProps) {
  return (
    <Button component="label" size="compact-sm" variant={isSecond ? "default" : "filled"}>
      {label}
      <input
        type="file"
        multiple
        className={classes.file}
        {...(isFolder ? { webkitdirectory: "" } : {})}
        onChange={(event) => onTake(event.currentTarget)}
      />
    </Button>
  );
}
