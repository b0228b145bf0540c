import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

/** The accent: petrol, away from the green, amber and red that say how an app is. */
const petrol: MantineColorsTuple = [
  "#e6f5f4",
  "#cfe8e7",
  "#a3d2d2",
  "#74bbbd",
  "#4da6aa",
  "#2f9299",
  "#1a7f88",
  "#0c6a74",
  "#0c5460",
  "#093f49",
];
const gray: MantineColorsTuple = [
  "#faf9f6",
  "#f5f4ef",
  "#ebe9e2",
  "#dedbd2",
  "#c6c3b9",
  "#a3a097",
  "#7b7a73",
  "#595a55",
  "#3a3d3a",
  "#1f2423",
];
const dark: MantineColorsTuple = [
  "#dbe5e4",
  "#b6c4c4",
  "#92a3a5",
  "#5f7478",
  "#33454a",
  "#25353a",
  "#1a272b",
  "#141e21",
  "#0e1517",
  "#090e10",
];
const red: MantineColorsTuple = [
  "#fdeeea",
  "#fadbd3",
  "#f4b5a7",
  "#ee8f7c",
  "#e8705b",
  "#de5a46",
  "#c94433",
  "#b03626",
  "#8f2a1d",
  "#6e2017",
];

export const theme = createTheme({
  colors: { petrol, gray, dark, red },
  primaryColor: "petrol",
  primaryShade: { light: 7, dark: 6 },
  defaultRadius: "md",
  radius: { xs: "4px", sm: "6px", md: "8px", lg: "12px", xl: "20px" },
  fontFamily:
    'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace:
    'ui-monospace, "Cascadia Mono", "SF Mono", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  headings: { fontWeight: "650" },
  cursorType: "pointer",
  focusRing: "auto",
  components: {
    Tooltip: { defaultProps: { openDelay: 400, withArrow: true } },
    Modal: {
      styles: {
        title: { fontWeight: 650, fontSize: "1.0625rem", lineHeight: 1.35 },
        content: { backgroundColor: "var(--surface)", border: "1px solid var(--line)" },
        header: { backgroundColor: "var(--surface)" },
      },
      defaultProps: { centered: true, radius: "lg", overlayProps: { backgroundOpacity: 0.45 } },
    },
    // Without the placeholder, which is no child that a menu may have, its first item has the focus.
    Menu: { defaultProps: { shadow: "md", radius: "md", withInitialFocusPlaceholder: false } },
    Button: { defaultProps: { size: "sm" } },
    SegmentedControl: {
      styles: {
        root: { backgroundColor: "var(--sunken)", boxShadow: "inset 0 0 0 1px var(--line)" },
        indicator: { backgroundColor: "var(--surface)" },
      },
    },
  },
});

/** What Mantine's own colours would leave too faint to read, or too plain. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#f5f4ef",
    "--mantine-color-text": "#1f2423",
    "--mantine-color-dimmed": "#5f615b",
    "--mantine-color-placeholder": "#6f716a",
    "--mantine-color-default-border": "#d6d3c9",
    "--mantine-color-error": "#b03626",
    "--mantine-color-anchor": "#0c6a74",
  },
  dark: {
    "--mantine-color-body": "#0e1517",
    "--mantine-color-text": "#dbe5e4",
    "--mantine-color-dimmed": "#93a5a7",
    "--mantine-color-placeholder": "#82969a",
    "--mantine-color-default-border": "#2b3c41",
    "--mantine-color-error": "#f08a76",
    "--mantine-color-anchor": "#74bbbd",
  },
});
