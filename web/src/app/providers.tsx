import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { setNonce } from "get-nonce";
import { coloursManager } from "@/app/colours";
import { router } from "@/app/router";
import { theme, variables } from "@/app/theme";
import { SignIn } from "@/features/auth/sign-in";
import { learnCaller } from "@/lib/caller";
import { ApiError } from "@/lib/http";
import { stream } from "@/lib/live";
import { styleNonce } from "@/lib/nonce";

setNonce(styleNonce); // of the style that holds the page still under a dialog
stream.start();
void learnCaller();

const colours = coloursManager();
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What the daemon itself says is shown soon; a connection may come back.
      retry: (count, error) =>
        error instanceof ApiError ? error.status >= 500 && count < 1 : count < 4,
      staleTime: 10_000,
    },
  },
});

export function Providers() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      colorSchemeManager={colours}
      defaultColorScheme="auto"
      getStyleNonce={() => styleNonce}
    >
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
        <SignIn />
        <Notifications position="top-center" limit={4} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
