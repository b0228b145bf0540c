import { Accordion, Anchor, Kbd, Loader } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Logo } from "@/components/logo";
import { sentence } from "@/components/notify";
import { Page } from "@/components/page";
import panel from "@/components/panel.module.css";
import { ask } from "@/lib/http";
import { t } from "@/lib/messages";
import type { Health, Version } from "@/lib/wire.gen";
import classes from "./about-page.module.css";

/** Which version this is, whether all is well, and what it is made of. */
export function AboutPage() {
  return (
    <Page title={t.about.title}>
      <div className={classes.columns}>
        <Versions />
        <section className={`${panel.panel} ${panel.padded}`}>
          <h2 className={classes.title}>{t.about.keys}</h2>
          <dl className={classes.keys}>
            {t.about.keyList.map(([key, text]) => (
              <div key={key}>
                <dt>
                  <Kbd>{key}</Kbd>
                </dt>
                <dd>{text}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
      <Licences />
    </Page>
  );
}

function Versions() {
  const version = useQuery({ queryKey: ["version"], queryFn: () => ask<Version>("/") });
  const health = useQuery({ queryKey: ["health"], queryFn: () => ask<Health>("/healthz") });
  const isWell = health.data?.status === "ok";
  return (
    <section className={`${panel.panel} ${panel.padded}`}>
      <div className={classes.brand}>
        <Logo size={44} />
        <div>
          <h2>{t.product}</h2>
          <p className="number">
            {t.about.version} {version.data?.productVersion ?? "…"} · {t.about.api}{" "}
            {version.data?.version ?? "…"}
          </p>
        </div>
      </div>
      {health.isError && <p role="alert">{sentence(health.error)}</p>}
      {health.data && (
        <p className={classes.health} data-well={isWell}>
          {isWell ? (
            <IconCircleCheck size={20} aria-hidden="true" />
          ) : (
            <IconAlertTriangle size={20} aria-hidden="true" />
          )}
          {isWell ? t.about.healthy : t.about.degraded}
        </p>
      )}
      <ul className={classes.problems}>
        {health.data?.problems?.map((problem) => (
          <li key={problem}>{problem}</li>
        ))}
      </ul>
      <p className={classes.text}>
        {t.about.own}{" "}
        <Anchor href="/api/openapi.json" target="_blank">
          {t.about.docs}
        </Anchor>
      </p>
    </section>
  );
}

interface Licence {
  name: string;
  version: string;
  licence: string;
  text: string;
}

/** Written by the build: web/scripts/licences.ts. */
async function readLicences(): Promise<Licence[]> {
  const answer = await fetch("/licences.json");
  if (!answer.ok) throw new Error(answer.statusText);
  return (await answer.json()) as Licence[];
}

function Licences() {
  const licences = useQuery({
    queryKey: ["licences"],
    queryFn: readLicences,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <section className={classes.licences}>
      <h2 className={classes.title}>{t.about.licences}</h2>
      <p className={classes.text}>{t.about.licencesText}</p>
      {licences.isPending && <Loader size="sm" />}
      <Accordion variant="separated" chevronPosition="left">
        {licences.data?.map((one) => (
          <Accordion.Item key={one.name} value={one.name}>
            <Accordion.Control>
              <span className={classes.package}>
                <b>{one.name}</b> <span className="number">{one.version}</span>{" "}
                <span>{one.licence}</span>
              </span>
            </Accordion.Control>
            <Accordion.Panel>
              <pre className={classes.licence}>{one.text || one.licence}</pre>
            </Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
    </section>
  );
}
