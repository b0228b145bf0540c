/** The tabs of an app's page, in their order. */
export const tabs = ["console", "files", "usage", "activity", "settings"] as const;

export type TabName = (typeof tabs)[number];
