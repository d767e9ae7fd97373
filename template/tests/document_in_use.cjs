// Holds values to schemas of the OpenAPI document as a Node.js program does: with ajv, as it comes.
//
// document_in_use.cjs NODE_MODULES < {"document": {...}, "values": {"#/components/schemas/Price": ["19.99", …]}}
// prints the values, still as JSON, that are refused, with the reason.

"use strict";

const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");

const packages = createRequire(`${process.argv[2]}/`);
const Ajv = packages("ajv/dist/2020");
const addFormats = packages("ajv-formats");

const { document, values } = JSON.parse(readFileSync(0, "utf8"));
// OpenAPI's own words, such as `openapi` and `paths`, are none of JSON Schema.
const ajv = new Ajv({ strictSchema: false });
addFormats(ajv);
ajv.addSchema(document, "document");

const refused = [];
for (const [reference, texts] of Object.entries(values)) {
  const validate = ajv.compile({ $ref: `document${reference}` });
  for (const text of texts) {
    if (!validate(JSON.parse(text))) {
      refused.push([text, ajv.errorsText(validate.errors)]);
    }
  }
}
process.stdout.write(JSON.stringify(refused));
