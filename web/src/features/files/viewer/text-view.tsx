import { Loader } from "@mantine/core";
import { IconBinary } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Empty } from "@/components/empty";
import { sentence } from "@/components/notify";
import { bytes } from "@/lib/format";
import { t } from "@/lib/messages";
import { decoded } from "../model/text-file";
import { Editor } from "./editor";
import { contentOf } from "./use-file";
import type { ViewProps } from "./viewer";
import classes from "./viewer.module.css";
import { ViewerBar } from "./viewer-bar";

/** A file that is text, in the editor; one that isn't, with the reason why not. */
export function TextView(props: ViewProps) {
  const { app, path, head } = props;
  const content = useQuery({
    queryKey: ["content", app, path],
    queryFn: async () => {
      const { bytes: all, tag } = await contentOf(app, path);
      return { file: decoded(all), tag };
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    structuralSharing: false,
  });
  if (content.data?.file) {
    return <Editor {...props} file={content.data.file} tag={content.data.tag} />;
  }
  return (
    <div className={classes.viewer}>
      <ViewerBar {...props} />
      {content.isPending && <Loader mx="auto" mt={96} />}
      {content.isError && (
        <Empty
          icon={<IconBinary size={28} />}
          tone="bad"
          title={t.errors.title}
          text={sentence(content.error)}
        />
      )}
      {content.data && (
        <Empty
          icon={<IconBinary size={28} />}
          title={t.files.viewer.binary}
          text={t.files.viewer.binaryText(bytes(head.size))}
        />
      )}
    </div>
  );
}
