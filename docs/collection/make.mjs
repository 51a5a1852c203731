// Writes the collection for Postman and Bruno from docs/openapi.yaml; with --check it compares the one in the repository with a fresh one.
// The converter gives every part an id by chance and makes values up where no example is: both are taken out, so that the same description
// always makes the same file, and nobody sends made-up values.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import converter from "openapi-to-postmanv2";
import yaml from "js-yaml";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "switchboard.postman_collection.json");
const api = yaml.load(readFileSync(join(here, "..", "openapi.yaml"), "utf-8"), { schema: yaml.CORE_SCHEMA });
const METHODS = ["get", "post", "put", "patch", "delete"];
const known = new Map(); // operations by method and address

delete api.webhooks;
for (const [path, item] of Object.entries(api.paths)) {
  for (const method of METHODS.filter((one) => item[one])) {
    const operation = item[method];
    known.set(`${method.toUpperCase()} ${path}`, operation);
    operation.responses = { 200: { description: "See the documentation." } }; // answers would make it 28 MB
  }
}

const options = {
  folderStrategy: "Tags",
  parametersResolution: "Example",
  requestNameSource: "Fallback",
  enableOptionalParameters: false,
  keepImplicitHeaders: false,
  alwaysInheritAuthentication: true,
};
const made = await new Promise((done, failed) =>
  converter.convertV2({ type: "json", data: api }, options, (error, result) =>
    error || !result.result ? failed(error ?? new Error(result.reason)) : done(result.output[0].data),
  ),
);

const plain = (text) => (typeof text === "object" ? text?.content : text) || undefined;
const parameter = ({ key, value, description, disabled }) => ({
  key,
  value: key === "Content-Type" ? value : "",
  description: plain(description),
  disabled: disabled || undefined,
});

function body(given, operation) {
  if (!given?.mode) return undefined;
  if (given.mode === "raw") return { mode: "raw", raw: given.raw, options: { raw: { language: "json" } } };
  const shown = Object.values(operation.requestBody.content["multipart/form-data"].examples)[0].value;
  const fields = given[given.mode].map(({ key, type, description }) => {
    const about = { description: plain(description), disabled: key in shown ? undefined : true };
    return type === "file" ? { key, type, src: null, ...about } : { key, type: "text", value: String(shown[key] ?? ""), ...about };
  });
  return { mode: given.mode, [given.mode]: fields };
}

function request({ name, request: asked }) {
  const path = asked.url.path;
  const operation = known.get(`${asked.method} /${path.join("/").replace(/:(\w+)/g, "{$1}")}`);
  const query = (asked.url.query ?? []).map(parameter);
  const variable = (asked.url.variable ?? []).map(({ key, description }) => ({ key, value: "", description: plain(description) }));
  const shown = query.filter((one) => !one.disabled).map(({ key }) => `${key}=`).join("&");
  return {
    name,
    request: {
      method: asked.method,
      header: (asked.header ?? []).filter((one) => one.key !== "Accept").map(parameter),
      auth: operation.security.length === 0 ? { type: "noauth" } : undefined,
      body: body(asked.body, operation),
      url: {
        raw: `{{url}}/${path.join("/")}${shown && `?${shown}`}`,
        host: ["{{url}}"],
        path,
        query: query.length ? query : undefined,
        variable: variable.length ? variable : undefined,
      },
      description: plain(asked.description),
    },
    response: [],
  };
}

const part = (one) => (one.item ? { name: one.name, description: plain(one.description), item: one.item.map(part) } : request(one));
const folders = new Map(made.item.map((folder) => [folder.name, folder]));
const chapters = api["x-tagGroups"].map(({ name, tags }) => ({ name, item: tags.filter((tag) => folders.has(tag)).map((tag) => part(folders.get(tag))) }));

const collection = {
  info: {
    name: api.info.title,
    description: `${api.info.description}\nSet the variables \`url\` and \`token\`. Made by \`make collection\`.`,
    schema: "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
  },
  auth: { type: "bearer", bearer: [{ key: "token", value: "{{token}}", type: "string" }] },
  variable: [
    { key: "url", value: "http://127.0.0.1:8000" },
    { key: "token", value: "" },
  ],
  item: chapters,
};
const text = `${JSON.stringify(collection, null, 1)}\n`;

const requests = (items) => items.reduce((sum, one) => sum + (one.item ? requests(one.item) : 1), 0);
const expected = known.size;
if (requests(chapters) !== expected) throw new Error(`${requests(chapters)} requests for ${expected} operations`);
if (process.argv.includes("--check")) {
  if (!existsSync(target) || readFileSync(target, "utf-8") !== text) {
    console.error("The collection is not that of docs/openapi.yaml: run `make collection` and commit docs/collection/.");
    process.exit(1);
  }
  console.log(`The collection is that of docs/openapi.yaml: ${expected} requests.`);
} else {
  writeFileSync(target, text);
  console.log(`${expected} requests, ${Math.round(text.length / 1024)} KB: ${target}`);
}
