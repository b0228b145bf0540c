import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import {
  IconAdjustmentsHorizontal,
  IconCheck,
  IconFilePlus,
  IconFolderPlus,
  IconFolderUp,
  IconPlus,
  IconRefresh,
  IconSearch,
  IconUpload,
} from "@tabler/icons-react";
import { useRef } from "react";
import { Tool } from "@/components/tool";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";
import { attempt, upload } from "./actions";
import { Crumbs } from "./crumbs";
import type { Files } from "./files";
import type { Order } from "./model/sort";
import { SelectionBar } from "./selection-bar";
import { COLUMNS, setSettings, settings } from "./settings";
import classes from "./toolbar.module.css";
import { fromList } from "./uploads/collect";
import { canPick, pick } from "./uploads/sources";
import type { Listing } from "./use-listing";

interface Props {
  files: Files;
  folder: string;
  listing: Listing;
  over: string;
  onEnter: (path: string) => void;
}

/** Where one is and what can be done here; what can be done to the selection, when there is one. */
export function Toolbar({ files, folder, listing, over, onEnter }: Props) {
  const selected = useStore(files.selection, ({ names }) => names.size);
  const isSearching = useStore(files.isSearching);
  return (
    <div className={classes.frame}>
      <div className={classes.bar}>
        <Crumbs app={files.app} folder={folder} over={over} onEnter={onEnter} />
        <Count listing={listing} />
        <Tool
          label={t.files.search.open}
          isOn={isSearching}
          onClick={() => files.isSearching.set(!isSearching)}
        >
          <IconSearch size={18} />
        </Tool>
        <span className={classes.wide}>
          <Tool label={t.files.refresh} onClick={() => void listing.query.refetch()}>
            <IconRefresh size={18} />
          </Tool>
        </span>
        <View />
        <NewMenu files={files} />
        <UploadMenu files={files} folder={folder} />
      </div>
      {selected > 0 && <SelectionBar files={files} listing={listing} />}
    </div>
  );
}

function Count({ listing }: { listing: Listing }) {
  if (!listing.query.data) return null;
  const hidden = listing.hidden > 0 ? `, ${t.files.hiddenCount(listing.hidden)}` : "";
  return (
    <span className={`${classes.count} number`} role="status">
      {t.files.count(listing.entries.length)}
      {hidden}
    </span>
  );
}

/** What is shown, and in which order; the order also where there are no columns to click. */
function View() {
  const { order, columns, showsHidden } = useStore(settings);
  const toggle = (column: Order["column"]) =>
    setSettings({
      columns: COLUMNS.filter((each) => (each === column) !== columns.includes(each)),
    });
  const tick = (isOn: boolean) => (isOn ? <IconCheck size={15} /> : null);
  return (
    <Menu position="bottom-end" width={230} closeOnItemClick={false}>
      <Menu.Target>
        <Tooltip label={t.files.view}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={t.files.view}
            className={classes.tool}
          >
            <IconAdjustmentsHorizontal size={18} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          rightSection={tick(showsHidden)}
          onClick={() => setSettings({ showsHidden: !showsHidden })}
        >
          {t.files.hidden}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t.files.columns}</Menu.Label>
        {COLUMNS.map((column) => (
          <Menu.Item
            key={column}
            rightSection={tick(columns.includes(column))}
            onClick={() => toggle(column)}
          >
            {t.files[column]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Label>{t.files.sortBy("")}</Menu.Label>
        {(["name", "size", "modified", "kind"] as const).map((column) => (
          <Menu.Item
            key={column}
            rightSection={order.column === column && (order.isDown ? "↓" : "↑")}
            onClick={() =>
              setSettings({
                order: {
                  column,
                  isDown:
                    order.column === column
                      ? !order.isDown
                      : column !== "name" && column !== "kind",
                },
              })
            }
          >
            {t.files[column]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function NewMenu({ files }: { files: Files }) {
  return (
    <Menu position="bottom-end" width={180}>
      <Menu.Target>
        <Button
          variant="default"
          className={classes.compact ?? ""}
          aria-label={t.files.new}
          leftSection={<IconPlus size={17} />}
        >
          {t.files.new}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconFolderPlus size={17} />}
          onClick={() => files.dialog.set({ kind: "create", isFolder: true })}
        >
          {t.files.newFolder}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconFilePlus size={17} />}
          onClick={() => files.dialog.set({ kind: "create", isFolder: false })}
        >
          {t.files.newFile}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function UploadMenu({ files, folder }: { files: Files; folder: string }) {
  const one = useRef<HTMLInputElement>(null);
  const whole = useRef<HTMLInputElement>(null);
  const pickFiles = async () => {
    if (!canPick()) return one.current?.click();
    await attempt(async () => upload(files, { files: await pick(), folders: [] }, folder));
  };
  const take = (field: HTMLInputElement) => {
    const chosen = fromList(field.files ?? []);
    field.value = "";
    void upload(files, chosen, folder);
  };
  return (
    <>
      <input
        ref={one}
        type="file"
        multiple
        hidden
        data-upload="files"
        onChange={(event) => take(event.currentTarget)}
      />
      <input
        ref={whole}
        type="file"
        multiple
        hidden
        data-upload="folder"
        {...{ webkitdirectory: "" }}
        onChange={(event) => take(event.currentTarget)}
      />
      <Menu position="bottom-end" width={200}>
        <Menu.Target>
          <Button
            className={classes.compact ?? ""}
            aria-label={t.files.upload}
            leftSection={<IconUpload size={17} />}
          >
            {t.files.upload}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconUpload size={17} />} onClick={() => void pickFiles()}>
            {t.files.uploadFiles}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconFolderUp size={17} />}
            onClick={() => whole.current?.click()}
          >
            {t.files.uploadFolder}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
