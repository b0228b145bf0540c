import { Loader } from "@mantine/core";
import { IconChartAreaLine } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Empty } from "@/components/empty";
import { LoadFailed } from "@/components/load-failed";
import panel from "@/components/panel.module.css";
import type { App } from "@/lib/fleet";
import { bytes, percent } from "@/lib/format";
import { appPath, ask } from "@/lib/http";
import { points } from "@/lib/live";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";
import type { UsageHistory } from "@/lib/wire.gen";
import { Graph } from "./graph";
import { merged } from "./series";
import classes from "./usage-tab.module.css";

const STEP_MS = 30_000;
const PERCENTS = [1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];
const BYTES = Array.from({ length: 34 }, (_, i) => 2 ** (i + 16)); // 64 KiB and up

/** What an app used in the last hour; a click on a moment leads to the console of that time. */
export function UsageTab({ app, isShown }: { app: App; isShown: boolean }) {
  const live = useStore(points, (all) => all.get(app.name)) ?? [];
  const navigate = useNavigate();
  const usage = useQuery({
    queryKey: ["usage", app.name],
    queryFn: () => ask<UsageHistory>(appPath(app.name, "/usage")),
    staleTime: STEP_MS,
    enabled: isShown,
  });
  if (usage.isError) {
    return (
      <LoadFailed
        icon={<IconChartAreaLine size={28} />}
        error={usage.error}
        onRetry={() => void usage.refetch()}
      />
    );
  }
  if (!usage.data) return <Loader mx="auto" mt={96} display="block" />;
  const series = merged(usage.data.samples, live);
  if (series.time.length < 2) {
    return (
      <Empty icon={<IconChartAreaLine size={28} />} title={t.usage.title} text={t.usage.empty} />
    );
  }
  const goTo = (ms: number) =>
    void navigate({
      to: "/apps/$name/$tab",
      params: { name: app.name, tab: "console" },
      search: { at: Math.round(ms) },
    });
  const parts = [
    {
      label: t.usage.cpu,
      values: series.cpu,
      show: percent,
      floor: 5,
      steps: PERCENTS,
      tone: "--graph",
    },
    {
      label: t.usage.memory,
      values: series.memory,
      show: bytes,
      floor: 1 << 20,
      steps: BYTES,
      tone: "--graph-2",
    },
  ];
  return (
    <div className={classes.page}>
      <p className={classes.hint}>
        {t.usage.title}. {t.usage.hint}
      </p>
      {parts.map((part) => (
        <section key={part.label} className={`${panel.panel} ${classes.card}`}>
          <header className={classes.head}>
            <h2>{part.label}</h2>
            <dl className="number">
              <Fact name={t.usage.now} value={part.show(part.values.at(-1) ?? 0)} />
              <Fact name={t.usage.average} value={part.show(mean(part.values))} />
              <Fact name={t.usage.peak} value={part.show(Math.max(...part.values))} />
            </dl>
          </header>
          <Graph
            time={series.time}
            values={part.values}
            show={part.show}
            floor={part.floor}
            steps={part.steps}
            tone={part.tone}
            onClick={goTo}
            label={part.label}
            isShown={isShown}
          />
        </section>
      ))}
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
