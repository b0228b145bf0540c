/** The tabs of an app's page, in their order. "files" belongs behind "console". */
export const tabs = ["console", "usage", "activity", "settings"] as const;

export type TabName = (typeof tabs)[number];
