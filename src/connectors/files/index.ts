import type { Connector } from "../../core/connector.ts";
import { type FilesConfig, filesConfig } from "./config.ts";
import { openSession } from "./session.ts";

/**
 * Files in a folder as a source: CSV, JSON and Parquet, read in place by DuckDB. A table is a file by its name; what
 * else there is to say (path, delimiter, encoding, types) stands in `tables`.
 */
export const files: Connector<FilesConfig> = {
  id: "files",
  title: "Files",
  config: filesConfig,
  secrets: [],
  open: openSession,
};

export { files as connector };
