import type { Environment } from "../environment.ts";
import { read } from "../model.ts";
import type { Cell } from "../row.ts";
import { fileErrors } from "./errors.ts";

/** Extensions that an environment blocks unless told otherwise (file-attributes.md, "Blocked file types"). */
export const BLOCKED_EXTENSIONS =
  "ade;adp;app;asa;ashx;asmx;asp;bas;bat;cdx;cer;chm;class;cmd;com;config;cpl;crt;csh;dll;exe;fxp;hlp;hta;htr;htw;ida;idc;idq;inf;ins;isp;its;jar;js;jse;ksh;lnk;mad;maf;mag;mam;maq;mar;mas;mat;mau;mav;maw;mda;mdb;mde;mdt;mdw;mdz;msc;msh;msh1;msh1xml;msh2;msh2xml;mshxml;msi;msp;mst;ops;pcd;pif;prf;prg;printer;pst;reg;rem;scf;scr;sct;shb;shs;shtm;shtml;soap;stm;tmp;url;vb;vbe;vbs;vsmacros;vss;vst;vsw;ws;wsc;wsf;wsh;svg";

/** A setting about files in the one row of `organization`. */
export function fileSetting(environment: Environment, name: string): Cell {
  const organizations = environment.tables.get("organization")!;
  const row = organizations.byId.get(environment.organization)!;
  return read(row, organizations.columns.get(name)!);
}

/**
 * Throws for a file whose extension the organization blocks, or whose MIME type it blocks or does not allow; where some
 * are allowed, the blocked ones do not count (file-attributes.md, "Blocked file types").
 */
export function checkType(environment: Environment, name: string, mime: string): void {
  const list = (setting: string) =>
    String(fileSetting(environment, setting) ?? "")
      .toLowerCase()
      .split(/[;,\s]+/)
      .filter((each) => each !== "");
  const extension = /\.([^.]*)$/.exec(name)?.[1]?.toLowerCase();
  if (extension !== undefined && list("blockedattachments").includes(extension)) throw fileErrors.typeBlocked();
  const allowed = list("allowedmimetypes");
  if (allowed.length > 0) {
    if (!allowed.includes(mime.toLowerCase())) throw fileErrors.mimeNotAllowed(mime);
  } else if (list("blockedmimetypes").includes(mime.toLowerCase())) throw fileErrors.mimeBlocked(mime);
}
