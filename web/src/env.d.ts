declare module "virtual:config-docs" {
  /** A key of the config file, as docs/config.md describes it. */
  export interface ConfigDoc {
    key: string;
    value: string;
    text: string;
  }
  export const configDocs: ConfigDoc[];
}
declare module "*.module.css" {
  const classes: Record<string, string>;
  export default classes;
}
