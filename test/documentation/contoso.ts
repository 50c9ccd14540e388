import { id } from "./replay.ts";

/** The rows of the query sample (web-api-query-data-sample.md, section 0), as one deep insert; the account's id is 1. */
export const CONTOSO = id(1);

const contact = (first: string, last: string, jobtitle: string, annualincome: number, minutes: number) => ({
  firstname: first,
  lastname: `${last} (sample)`,
  jobtitle,
  annualincome,
  Contact_Tasks: [1, 2, 3].map((n) => ({
    subject: `Task ${n} for ${first} ${last}`,
    description: `Task ${n} for ${first} ${last} description`,
    actualdurationminutes: minutes,
  })),
});

export const CREATE_CONTOSO: ["POST", string, object] = [
  "POST",
  "v9.2/accounts",
  {
    accountid: CONTOSO,
    name: "Contoso, Ltd. (sample)",
    Account_Tasks: [1, 2, 3].map((n) => ({
      subject: `Task ${n} for Contoso, Ltd.`,
      description: `Task ${n} for Contoso, Ltd. description`,
      actualdurationminutes: 10,
    })),
    primarycontactid: { ...contact("Yvonne", "McKay", "Coffee Master", 45000, 5), contactid: id(2) },
    contact_customer_accounts: [
      contact("Susanna", "Stubberod", "Senior Purchaser", 52000, 3),
      contact("Nancy", "Anderson", "Activities Manager", 55500, 4),
      contact("Maria", "Cambell", "Accounts Manager", 31000, 5),
      contact("Scott", "Konersmann", "Accounts Manager", 38000, 6),
      contact("Robert", "Lyon", "Senior Technician", 78000, 7),
      contact("Paul", "Cannon", "Ski Instructor", 68500, 8),
      contact("Rene", "Valdes", "Data Analyst III", 86000, 9),
      contact("Jim", "Glynn", "Senior International Sales Manager", 81400, 10),
    ],
  },
];

/** Rows of an answer by full name, in order. */
export const named = (...names: string[]) => ({ value: names.map((name) => ({ fullname: `${name} (sample)` })) });
