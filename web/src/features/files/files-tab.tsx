import { Loader } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { lazy, Suspense, useLayoutEffect, useMemo } from "react";
import type { App } from "@/lib/fleet";
import { useStore } from "@/lib/store";
import { Browser } from "./browser";
import { Dialogs } from "./dialogs/dialogs";
import { Files } from "./files";
import classes from "./files-tab.module.css";
import { SearchPanel } from "./search/search-panel";
import { useRefresh } from "./use-listing";
import { usePlace } from "./use-place";

const Viewer = lazy(async () => ({ default: (await import("./viewer/viewer")).Viewer }));

interface Props {
  app: App;
  isShown: boolean;
}

/** An app's files: a folder at a time, and one file over it when one is open. */
export function FilesTab({ app, isShown }: Props) {
  const [place, go] = usePlace(app.name, isShown);
  const files = useMemo(() => new Files(app.name), [app.name]);
  const isSearching = useStore(files.isSearching);
  useRefresh(app.name);
  // Before the new folder's entries are looked at, some of which may be wanted selected.
  useLayoutEffect(() => files.enter(place.folder), [files, place.folder]);
  useHotkeys(
    isShown && !place.file
      ? [
          ["mod+F", () => files.isSearching.set(true)],
          ["F3", () => files.isSearching.set(true)],
        ]
      : [],
    [],
  );
  return (
    <div className={classes.tab}>
      <div className={classes.main} hidden={place.file !== ""}>
        <Browser
          files={files}
          folder={place.folder}
          isShown={isShown && !place.file}
          onOpen={(path) => go({ file: path })}
          onEnter={(path) => go({ path })}
        />
        {isSearching && (
          <SearchPanel
            files={files}
            folder={place.folder}
            onOpen={go}
            onClose={() => files.isSearching.set(false)}
          />
        )}
      </div>
      {place.file && (
        <Suspense fallback={<Loader m="auto" />}>
          <Viewer
            key={place.file}
            app={app.name}
            path={place.file}
            line={place.line}
            isShown={isShown}
            onClose={() => go({ path: place.folder })}
            onEnter={(path: string) => go({ path })}
          />
        </Suspense>
      )}
      <Dialogs files={files} folder={place.folder} />
    </div>
  );
}
